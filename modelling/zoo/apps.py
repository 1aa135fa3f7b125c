"""Model versions: weights, configuration, origin and card."""

from django.apps import AppConfig


class ZooConfig(AppConfig):
    name = "modelling.zoo"
    label = "zoo"
    verbose_name = "Zoo"
