"""The sweeper: no job is lost, whatever happened to its message or its worker.

It asks the rows, never the broker, what there is to do, and can be run by anybody at any time, twice at once.
"""

import logging
import uuid
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from portal.audit.context import act, name_subject
from portal.jobs.broker import count_waiting, send_wake_up
from portal.jobs.clocktime import DatabaseTime, from_now
from portal.jobs.folders import drop_private
from portal.jobs.leases import HELD, RELEASED, Held, end_attempt
from portal.jobs.models import Job, Lease
from portal.jobs.registry import LOST, QUEUES
from portal.jobs.states import State
from portal.roles.actors import CLOCK

LOST_TEXT = (
    "The worker that ran it fell silent: it was stopped, lost its connection to the database, or its machine failed."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swept:
    """How much one round found to do."""

    n_reaped: int
    n_sent: int


def sweep() -> Swept:
    """Do one round: take back jobs whose worker fell silent, then wake workers for what waits."""
    return Swept(_reap_silent(), sum(_send_again(queue) for queue in QUEUES))


def _reap_silent() -> int:
    silent = Lease.objects.filter(job__state__in=HELD, lease_until__lt=DatabaseTime())
    return sum(_reap(job_pk) for job_pk in silent.values_list("job_id", flat=True))


def _reap(job_pk: uuid.UUID) -> bool:
    with transaction.atomic():
        # Locked, and asked again: its worker may have come back since it was listed, or another sweeper was faster.
        expired = Lease.objects.select_for_update(skip_locked=True).filter(
            job_id=job_pk, lease_until__lt=DatabaseTime()
        )
        job = Job.objects.select_for_update().filter(pk=job_pk, state__in=HELD).first() if expired.exists() else None
        if job is None:
            return False
        held = _held_until_now(job, expired.get().token)
        with act(CLOCK, "job.sweep"):
            name_subject(job_pk)
            end_attempt(job, LOST, LOST_TEXT)
            Lease.objects.filter(job_id=job_pk).update(**RELEASED)
            transaction.on_commit(partial(drop_private, held))
    _log.warning("job %s: its worker fell silent in attempt %d", job_pk, job.attempts)
    return True


def _held_until_now(job: Job, token: int) -> Held:
    return Held(job.pk, token, job.kind, job.queue, job.spec, job.spec_sha256, job.attempts)


def _send_again(queue: str) -> int:
    """Wake workers for jobs that have waited a while, unless enough messages for them wait already.

    Without that count a long queue would be sent again in each round, and the broker would fill up with messages.
    """
    since = from_now(-settings.JOB_RESEND_SECONDS)
    waiting = Job.objects.filter(state=State.QUEUED, queue=queue)
    overdue = list(
        waiting.alias(woken_at=Coalesce("lease__sent_at", "queued_at"))
        .filter(Q(woken_at__lt=since), queued_at__lt=since)
        .order_by("queued_at")
        .values_list("pk", flat=True)
    )
    if not overdue:
        return 0
    n_messages = count_waiting(queue)
    if n_messages is None or n_messages >= waiting.count():
        return 0
    sent = []
    for job_pk in overdue:
        if not send_wake_up(job_pk, queue):
            break
        sent.append(job_pk)
    Lease.objects.filter(job_id__in=sent).update(sent_at=DatabaseTime())
    return len(sent)
