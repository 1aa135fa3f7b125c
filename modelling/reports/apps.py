"""Reports of evaluations, built from frozen numbers."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "modelling.reports"
    label = "reports"
    verbose_name = "Reports"
