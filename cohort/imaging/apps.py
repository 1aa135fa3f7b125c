"""Images: from a nurse's file in quarantine to a de-identified series."""

from importlib import import_module

from django.apps import AppConfig

from portal.jobs import registry
from portal.jobs.clock import Duty, add_duty

SWEEP_SECONDS = 600.0


class ImagingConfig(AppConfig):
    name = "cohort.imaging"
    label = "imaging"
    verbose_name = "Imaging"

    def ready(self) -> None:
        # The job writes rows, and models can be imported only once every app is there.
        registry.register(import_module(f"{self.name}.ingest").INGEST)
        add_duty(Duty("imaging", SWEEP_SECONDS, import_module(f"{self.name}.settling").sweep_uploads))
