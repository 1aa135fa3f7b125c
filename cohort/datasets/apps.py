"""Snapshots: what a model may learn from, frozen and hashed."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "cohort.datasets"
    label = "datasets"
    verbose_name = "Datasets"
