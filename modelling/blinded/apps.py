"""Blinded evaluations: from the question to the reveal."""

from django.apps import AppConfig


class BlindedConfig(AppConfig):
    name = "modelling.blinded"
    label = "blinded"
    verbose_name = "Blinded"
