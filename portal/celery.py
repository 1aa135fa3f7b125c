"""The Celery worker's door: `celery -A portal.celery worker -Q web` or `-Q gpu`.

All queues carry wake-ups for jobs; what runs, and whether, is decided by the job's row (portal.jobs).
"""

import os
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutting_down
from django.conf import settings

from portal.jobs import forking, stopping
from portal.jobs.broker import get_celery
from portal.jobs.registry import list_kinds

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
if not settings.configured:
    # A worker speaks to the database as tb_worker; whoever has loaded the settings already knows what it is.
    os.environ.setdefault("TRABECULA_PROCESS", "worker")

app = get_celery()
app.autodiscover_tasks()


@worker_init.connect
def begin(**facts: Any) -> None:
    """Forget an earlier wish to stop (a worker that is started again in the same process)."""
    stopping.forget()


@worker_ready.connect
def prepare_libraries(sender: Any, **facts: Any) -> None:
    """Have at hand what the children of this worker's queues import, so that the first job need not wait for it."""
    if settings.JOB_LIBRARIES_READY:
        queues = set(sender.app.amqp.queues.consume_from)
        for kind in list_kinds():
            if kind.queues & queues:
                forking.prepare(kind.libraries)


@worker_shutting_down.connect
def stop_children(**facts: Any) -> None:
    """Let running children keep a checkpoint and end, so that the worker need not wait for their work."""
    stopping.ask()
