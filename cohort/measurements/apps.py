"""Measured values of a participant's images, with unit and version."""

from django.apps import AppConfig


class MeasurementsConfig(AppConfig):
    name = "cohort.measurements"
    label = "measurements"
    verbose_name = "Measurements"
