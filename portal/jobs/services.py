"""What a person does with jobs: ask for one, cancel it, try a parked one again."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from portal.audit.context import name_subject, open_act, service
from portal.core.errors import Refused
from portal.core.hashing import sha256_hex
from portal.jobs.broker import wake_on_commit
from portal.jobs.clocktime import ask_database_time
from portal.jobs.models import Job, Lease
from portal.jobs.registry import get_kind
from portal.jobs.states import OPEN, TABLE, State
from portal.proof import jcs
from portal.roles.actors import Actor
from portal.roles.policy import require
from portal.sites.models import Site
from portal.workflow import move


def launch_job(
    *, actor: Actor, kind: str, spec: Mapping[str, Any], queue: str, site: Site | None = None, origin: str | None = None
) -> Job:
    """Ask for work, inside the service that decides on it; return the job.

    Asking twice for the same work while it waits or runs gives the same job, so a double click does no harm. The
    worker is woken once all is committed; without a broker the job waits for the sweeper.
    Raises OutsideAct without an open act, Refused for an unknown kind or a spec the kind cannot work on.
    """
    open_act()
    found_kind = get_kind(kind)
    if queue not in found_kind.queues:
        raise Refused(f"a job of kind '{kind}' runs in {' or '.join(sorted(found_kind.queues))}, not in '{queue}'")
    try:
        found_kind.check_spec(spec)
        digest = sha256_hex(jcs.dumps(spec))
    except (TypeError, ValueError) as error:
        raise Refused(f"the job '{kind}' cannot be started: {error}") from None
    asked = {"kind": kind, "queue": queue, "spec": dict(spec), "spec_sha256": digest, "site": site, "origin": origin}
    job, is_new = _find_or_add(asked, actor)
    if is_new:
        name_subject(job.pk, site.pk if site else None)
        wake_on_commit(job.pk, job.queue)
    return job


def _find_or_add(asked: dict[str, Any], actor: Actor, n_tries: int = 3) -> tuple[Job, bool]:
    same = Job.objects.filter(kind=asked["kind"], spec_sha256=asked["spec_sha256"], state__in=OPEN).first()
    if same is not None:
        return same, False
    try:
        # Its own savepoint: whoever comes second looks the first one's job up in the same transaction.
        with transaction.atomic():
            job = Job.objects.create(**asked, created_by_id=actor.user_pk, queued_at=ask_database_time())
            Lease.objects.create(job=job)
    except IntegrityError:
        if n_tries == 1:
            raise
        # The one that was in the way may have ended before we looked again.
        return _find_or_add(asked, actor, n_tries - 1)
    return job, True


def close_parked_job(job: Job) -> None:
    """Close a job that waits for a person, inside the service by which a person does something else instead.

    Without it the same work, asked for anew, would be the parked job itself. A job that is not parked stays as it is.
    """
    name_subject(job.pk, job.site_id)
    now = ask_database_time()
    parked = Job.objects.filter(pk=job.pk, state=State.PARKED)
    parked.update(state=State.CANCELLED, cancel_requested_at=now, ended_at=now)


@service("job.start_demonstration")
def start_demonstration(*, actor: Actor, queue: str, **spec: Any) -> Job:
    """Start a job that only sleeps, or fails as asked: to see that jobs work here, and how they fail."""
    require(actor, "job.start_demonstration")
    return launch_job(actor=actor, kind="demonstration", spec=spec, queue=queue)


@service("job.cancel")
def cancel_job(*, actor: Actor, job: Job, why: str = "") -> None:
    """Cancel a job: at once if nobody runs it, else as soon as its worker has stopped it.

    Raises WrongState when it is over, StaleState when it has moved on since it was read, NotAllowed.
    """
    now = ask_database_time()
    ended = {} if job.state == State.RUNNING else {"ended_at": now}
    move(job, "cancel", table=TABLE, actor=actor, site_pk=job.site_id, cancel_requested_at=now, **ended)


@service("job.try_again")
def try_job_again(*, actor: Actor, job: Job, why: str = "") -> None:
    """Put a parked job back into its queue; it goes on from its last checkpoint, with all its attempts anew."""
    move(job, "try_again", table=TABLE, actor=actor, site_pk=job.site_id, attempts=0, queued_at=ask_database_time())
    wake_on_commit(job.pk, job.queue)
