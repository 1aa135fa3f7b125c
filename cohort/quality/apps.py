"""Questions about what was filled in: raised, answered, closed."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "cohort.quality"
    label = "quality"
    verbose_name = "Queries"
