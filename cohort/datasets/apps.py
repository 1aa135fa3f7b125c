"""Snapshots: what models learn from and are tested on."""

from importlib import import_module

from django.apps import AppConfig

from portal.jobs import registry


class DatasetsConfig(AppConfig):
    name = "cohort.datasets"
    label = "datasets"
    verbose_name = "Datasets"

    def ready(self) -> None:
        # The job reads and writes rows, and models can be imported only once every app is there.
        registry.register(import_module(f"{self.name}.building").BUILD)
