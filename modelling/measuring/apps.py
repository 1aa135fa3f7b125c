"""Jobs that measure images and write the values down."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from portal.jobs import registry
from portal.jobs.clock import Duty, add_duty


class MeasuringConfig(AppConfig):
    name = "modelling.measuring"
    label = "measuring"
    verbose_name = "Measuring"

    def ready(self) -> None:
        # Both read and write rows, and models can be imported only once every app is there.
        kinds = import_module(f"{self.name}.kinds")
        registry.register(kinds.MEASURING)
        registry.register(kinds.STRENGTH)
        launch_missing = import_module(f"{self.name}.services").launch_missing
        add_duty(Duty("images that nobody has measured", settings.CLOCK_SWEEP_SECONDS, launch_missing))
