"""Training runs: launched, watched, cancelled and compared."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from portal.jobs import registry
from portal.jobs.clock import Duty, add_duty


class RunsConfig(AppConfig):
    name = "modelling.runs"
    label = "runs"
    verbose_name = "Training runs"

    def ready(self) -> None:
        # Both read and write rows, and models can be imported only once every app is there.
        registry.register(import_module(f"{self.name}.kinds").TRAINING)
        registry.register(import_module(f"{self.name}.trying").TRYING)
        launch_waiting = import_module(f"{self.name}.services").launch_waiting
        add_duty(Duty("runs that wait for a snapshot", settings.CLOCK_SWEEP_SECONDS, launch_waiting))
