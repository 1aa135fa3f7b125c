"""Jobs that measure images and write the values down."""

from django.apps import AppConfig


class MeasuringConfig(AppConfig):
    name = "modelling.measuring"
    label = "measuring"
    verbose_name = "Measuring"
