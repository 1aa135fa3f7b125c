"""Label rules: from what was entered to osteoporosis and fracture."""

from django.apps import AppConfig


class LabelsConfig(AppConfig):
    name = "cohort.labels"
    label = "labels"
    verbose_name = "Labels"
