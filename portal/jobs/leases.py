"""What a worker writes: it claims a job, keeps its lease, and says how it ended. Everything hangs on the token.

Lock order everywhere: the lease's row, then the job's.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from portal.audit.context import act, name_subject
from portal.core.errors import TrabeculaError
from portal.core.hashing import sha256_hex
from portal.jobs.broker import wake_on_commit
from portal.jobs.clocktime import DatabaseTime, from_now
from portal.jobs.models import Job, Lease
from portal.jobs.registry import PARKED_AT_ONCE, TRIED_AGAIN, get_kind
from portal.jobs.states import State
from portal.proof import jcs
from portal.roles.actors import WORKER, Actor

HELD = (State.RUNNING, State.CANCELLING)
RELEASED: dict[str, Any] = {"lease_until": None, "owner": ""}
FREE = Q(lease_until=None) | Q(lease_until__lt=DatabaseTime())


class LeaseLost(TrabeculaError):
    """Another worker has the job now, or it is over; whatever this one still wanted to write is not written."""


@dataclass(frozen=True)
class Held:
    """A job held under a token: all that a worker knows of it."""

    job_pk: uuid.UUID
    token: int
    kind: str
    queue: str
    spec: Mapping[str, Any]
    spec_sha256: str
    attempt: int

    @property
    def folder(self) -> Path:
        """The folder of this attempt."""
        return Path(settings.HOME) / "jobs" / str(self.job_pk) / f"attempt-{self.token:06d}"


def claim_job(job_pk: uuid.UUID, *, owner: str, sandbox: Sequence[str]) -> Held | None:
    """Take a job that nobody holds; None if it is held, over, or not there: then there is nothing to do.

    A job whose holder fell silent is taken over, unless its attempts are used up: the sweeper parks it then.
    """
    with transaction.atomic():
        lease = Lease.objects.select_for_update().filter(FREE, job_id=job_pk).first()
        # Asked after the lock, so that of two claims at once the second sees what the first did.
        job = (
            Job.objects.select_for_update()
            .filter(pk=job_pk, state__in=(State.QUEUED, State.RUNNING), attempts__lt=settings.JOB_MAX_ATTEMPTS)
            .first()
        )
        if lease is None or job is None:
            return None
        token, attempt = lease.token + 1, job.attempts + 1
        with act(WORKER, "job.run"):
            name_subject(job_pk)
            began_at = Coalesce("started_at", DatabaseTime())
            _set(job, State.RUNNING, attempts=attempt, started_at=began_at, sandbox=list(sandbox))
            until = from_now(settings.JOB_LEASE_SECONDS)
            Lease.objects.filter(job_id=job_pk).update(token=token, owner=owner, lease_until=until)
    return Held(job.pk, token, job.kind, job.queue, job.spec, job.spec_sha256, attempt)


def renew_lease(held: Held, **progress: Any) -> None:
    """Say that the worker lives and how far it is. Raises LeaseLost. Writes no audit: nothing audited changes.

    A lease that ran out but was not taken is renewed too: the worker is back in time.
    """
    until = from_now(settings.JOB_LEASE_SECONDS)
    found = Lease.objects.filter(job_id=held.job_pk, token=held.token, lease_until__isnull=False)
    if found.update(lease_until=until, **progress) != 1:
        raise LeaseLost(f"job {held.job_pk} is no longer held under token {held.token}")


def is_cancel_wanted(held: Held) -> bool:
    """True if somebody asked to stop the job. Raises LeaseLost."""
    found = Lease.objects.filter(job_id=held.job_pk, token=held.token).values_list("job__state", flat=True).first()
    if found not in HELD:
        raise LeaseLost(f"job {held.job_pk} is no longer held under token {held.token}")
    return found == State.CANCELLING


def finish_job(held: Held, result: Mapping[str, Any]) -> None:
    """Write the result, and let the kind write what follows from it, in one transaction.

    A cancel that came before it wins: the job is then closed as cancelled, without it. Raises Refused where the kind
    does not take the result; nothing is written then.
    """
    digest = sha256_hex(jcs.dumps(result))
    with _under_token(held) as job:
        if job.state == State.CANCELLING:
            end_cancelled(job)
            return
        get_kind(held.kind).finish(job, held.folder, result)
        _set(
            job,
            State.FINISHED,
            result=dict(result),
            result_sha256=digest,
            ended_at=DatabaseTime(),
            failure_code="",
            failure_text="",
        )


def fail_job(held: Held, code: str, text: str) -> None:
    """Write why an attempt failed, and what follows from it: another attempt, parked, or failed for good."""
    with _under_token(held) as job:
        end_attempt(job, code, text)


def give_back_job(held: Held, message: str) -> None:
    """Put the job back into its queue, as when the worker stops; the attempt does not count."""
    with _under_token(held) as job:
        if job.state == State.CANCELLING:
            end_cancelled(job)
            return
        Lease.objects.filter(job=job).update(message=message)
        _set(job, State.QUEUED, attempts=job.attempts - 1, queued_at=DatabaseTime())
        wake_on_commit(job.pk, job.queue)


def end_attempt(job: Job, code: str, text: str) -> None:
    """Move a held job on after a failure. To be called under its lease's lock, inside an act."""
    if job.state == State.CANCELLING:
        end_cancelled(job)
    elif code in TRIED_AGAIN and job.attempts < settings.JOB_MAX_ATTEMPTS:
        _set(job, State.QUEUED, failure_code=code, failure_text=text, queued_at=DatabaseTime())
        wake_on_commit(job.pk, job.queue)
    elif code in TRIED_AGAIN | PARKED_AT_ONCE:
        tried = (
            "" if code in PARKED_AT_ONCE else f" It was begun {job.attempts} times, so it is not tried again by itself."
        )
        _set(job, State.PARKED, failure_code=code, failure_text=text + tried)
    else:
        _set(job, State.FAILED, failure_code=code, failure_text=text, ended_at=DatabaseTime())


def end_cancelled(job: Job) -> None:
    """Close a job that somebody asked to stop. To be called under its lease's lock, inside an act."""
    _set(job, State.CANCELLED, ended_at=DatabaseTime())


@contextmanager
def _under_token(held: Held, actor: Actor = WORKER) -> Iterator[Job]:
    """Open an act with the lease locked and, at its end, released."""
    with act(actor, "job.run"):
        name_subject(held.job_pk)
        mine = Lease.objects.select_for_update().filter(job_id=held.job_pk, token=held.token, lease_until__isnull=False)
        if not mine.exists():
            raise LeaseLost(f"job {held.job_pk} is no longer held under token {held.token}")
        yield Job.objects.select_for_update().get(pk=held.job_pk)
        Lease.objects.filter(job_id=held.job_pk).update(**RELEASED)


def _set(job: Job, state: State, **changes: Any) -> None:
    Job.objects.filter(pk=job.pk).update(state=state, **changes)
