"""Case report forms: what is asked at a visit, driven by the study's dictionary."""

from django.apps import AppConfig


class CrfConfig(AppConfig):
    name = "cohort.crf"
    label = "crf"
    verbose_name = "Case report forms"
