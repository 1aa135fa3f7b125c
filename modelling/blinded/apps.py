"""Blinded evaluations: from the question to the reveal."""

from importlib import import_module

from django.apps import AppConfig

from cohort.vault.book import register_book
from portal.jobs import registry


class BlindedConfig(AppConfig):
    name = "modelling.blinded"
    label = "blinded"
    verbose_name = "Blinded evaluations"

    def ready(self) -> None:
        # Both read and write rows, and models can be imported only once every app is there.
        registry.register(import_module(f"{self.name}.predicting").PREDICT)
        register_book(import_module(f"{self.name}.book").EvaluationBook())
