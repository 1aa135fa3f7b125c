"""The jobs app, and the one kind of job it brings itself."""

from django.apps import AppConfig

from portal.jobs import kinds, registry


class JobsConfig(AppConfig):
    name = "portal.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        registry.register(kinds.DEMONSTRATION)
