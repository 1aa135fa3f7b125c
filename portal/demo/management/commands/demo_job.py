"""`manage.py demo_job`: send one job through queue, worker and child process, and wait for its result."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.accounts.models import User
from portal.jobs.models import Job
from portal.jobs.services import start_demonstration
from portal.jobs.states import OPEN, State
from portal.roles.middleware import actor_of

LONGEST_S = 300.0
"""A safety net, not a measure: a worker that never comes is a fault to report."""


class Command(BaseCommand):
    help = "Run the demonstration job as the demo's analyst and show its progress."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("this is for a demo only (TRABECULA_DEMO=1)")
        analyst = actor_of(User.objects.get(email="ana@demo.example"))
        job = start_demonstration(actor=analyst, queue="gpu", steps=5, seconds_per_step=0.2, checkpoint_every=2)
        deadline = time.monotonic() + LONGEST_S
        while job.state in OPEN:
            if time.monotonic() > deadline:
                raise CommandError(f"the job is still '{job.state}': is a worker of the queue gpu running?")
            time.sleep(0.1)
            job = Job.objects.get(pk=job.pk)
        if job.state != State.FINISHED:
            raise CommandError(f"the job ended as '{job.state}': {job.failure_text}")
        self.stdout.write("      finished")
