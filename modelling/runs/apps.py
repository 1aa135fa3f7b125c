"""Training runs: launched, watched, cancelled and compared."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "modelling.runs"
    label = "runs"
    verbose_name = "Runs"
