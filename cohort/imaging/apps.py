"""Images: from a nurse's file in quarantine to a de-identified series."""

from django.apps import AppConfig


class ImagingConfig(AppConfig):
    name = "cohort.imaging"
    label = "imaging"
    verbose_name = "Imaging"
