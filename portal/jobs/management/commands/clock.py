"""`manage.py clock`: sweeps jobs, seals the audit and does the apps' duties, again and again; a second one waits."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.audit.sealer import seal
from portal.jobs.clock import Clock, Duty, list_further_duties, stop_on_signals
from portal.jobs.reap import sweep


class Command(BaseCommand):
    help = "Sweep jobs and seal the audit, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        clock = Clock(
            [
                Duty("sweep", settings.CLOCK_SWEEP_SECONDS, sweep),
                Duty("seal", settings.CLOCK_SEAL_SECONDS, seal),
                *list_further_duties(),
            ]
        )
        stop_on_signals(clock)
        clock.run()
