"""The broker: Celery's set-up, and the message that wakes a worker.

A message is only a wake-up and may be lost, late or doubled; the truth is the job's row (TRUST 4.2). So sending
never fails for the one who asks: what could not be sent now, the sweeper sends.
"""

import functools
import logging
import uuid
from typing import Any

from celery import Celery
from django.db import transaction
from kombu import Queue
from kombu.exceptions import OperationalError

RUN_JOB = "portal.jobs.run_job"

CONFIGURATION: dict[str, Any] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_serializer": "json",
    "task_queues": (Queue("web"), Queue("gpu")),
    "task_default_queue": "web",
    "task_create_missing_queues": False,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_ignore_result": True,
    "worker_prefetch_multiplier": 1,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_hijack_root_logger": False,
    # True lost a running task when the broker was restarted (TRUST 4.1); the child goes on without the broker.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_soft_shutdown_timeout": 30.0,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # Three options, or Redis delivers a long task again and again (Celery docs, "Visibility timeout"). A second
    # delivery does no harm here: the row is claimed once.
    "broker_transport_options": {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.2,
    },
    "task_publish_retry": False,
}

_log = logging.getLogger(__name__)


@functools.cache
def get_celery() -> Celery:
    """Return the one Celery app of this process; `portal.celery` gives it to the worker."""
    app = Celery("trabecula")
    app.add_defaults(lambda: CONFIGURATION)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    return app


def wake_on_commit(job_pk: uuid.UUID, queue: str) -> None:
    """Send the wake-up once the transaction is committed: before, the worker would find no row."""
    transaction.on_commit(lambda: send_wake_up(job_pk, queue))


def send_wake_up(job_pk: uuid.UUID, queue: str) -> bool:
    """Send the message for one job; return False, and say so in the log, when the broker cannot be reached."""
    try:
        get_celery().send_task(RUN_JOB, kwargs={"job_pk": str(job_pk)}, queue=queue)
    except OperationalError as error:
        _log.warning(
            "no wake-up for job %s: the broker cannot be reached (%s); the sweeper will send it", job_pk, error
        )
        return False
    return True


def count_waiting(queue: str) -> int | None:
    """Return how many messages wait in a queue; None when the broker cannot be reached."""
    try:
        with get_celery().connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=1)
            with connection.channel() as channel:
                declared: Any = Queue(queue, channel=channel).queue_declare()
                return int(declared.message_count)
    except OperationalError as error:
        _log.warning("the broker cannot be reached (%s)", error)
        return None
