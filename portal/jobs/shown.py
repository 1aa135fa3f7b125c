"""Jobs as the pages show them: rows of the list, the progress, the facts. Reads nothing but what it is given."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from frontend.parts import Cell, Column, Progress, Table
from portal.jobs.models import Job
from portal.jobs.registry import list_kinds
from portal.jobs.states import ENDED, TABLE, State
from portal.roles.actors import Actor
from portal.roles.policy import may
from portal.workflow import list_verbs


def title_of(job: Job) -> str:
    """Return what a person calls this kind of job."""
    return {kind.name: kind.title for kind in list_kinds()}.get(job.kind, job.kind)


def sentence_of(job: Job) -> str:
    """Return in a sentence what the job is doing or waiting for."""
    if job.state == State.QUEUED:
        again = f" for attempt {job.attempts + 1} of {settings.JOB_MAX_ATTEMPTS}" if job.attempts else ""
        return f"waiting for a worker of the queue '{job.queue}'{again}"
    if job.state == State.CANCELLING:
        return "its process is asked to keep what it has and end"
    if job.state == State.RUNNING and job.attempts > 1:
        return f"{job.lease.message} (attempt {job.attempts} of {settings.JOB_MAX_ATTEMPTS})"
    return job.lease.message if job.state == State.RUNNING else ""


def failure_of(job: Job) -> str:
    """Return why the last attempt failed; a job that was tried again says so."""
    if not job.failure_text or job.state in {State.FINISHED, State.CANCELLED}:
        return ""
    if job.state in {State.FAILED, State.PARKED}:
        return job.failure_text
    return f"An attempt before this one failed. {job.failure_text}"


def progress_of(job: Job, actor: Actor) -> Progress:
    """Return how far a job is, with the way to stop it for whoever may."""
    stoppable = may_do(job, "cancel", actor)
    return Progress(
        label="Progress",
        state=State(job.state),
        step=job.lease.step,
        total=job.lease.total,
        sentence=sentence_of(job),
        poll_url=reverse("job-progress", args=[job.pk]),
        cancel_url=reverse("cancel-job", args=[job.pk]) if stoppable and job.state != State.PARKED else "",
        finished=rests(job),
        failure=failure_of(job),
        dom_id="job-progress",
    )


def rests(job: Job) -> bool:
    """True if nothing more happens to the job by itself."""
    return job.state in {*ENDED, State.PARKED}


def may_do(job: Job, verb: str, actor: Actor) -> bool:
    """True if the job's state has this move and the actor may make it."""
    return verb in list_verbs(job, TABLE) and may(actor, TABLE[State(job.state), verb].action, job.site_id)


def table_of(jobs: Iterable[Job]) -> Table:
    """Return the list of jobs."""
    columns = ("Job", "State", Column("Progress"), "Asked by", "Asked", "What happens")
    return Table(caption="Jobs", columns=columns, rows=[_row(job) for job in jobs], empty="No job yet.")


def _row(job: Job) -> tuple[Cell, ...]:
    lease = job.lease
    done = f"{lease.step} of {lease.total}" if lease.total else ""
    asker = str(job.created_by) if job.created_by else "the portal"
    return (
        Cell(
            f"{title_of(job)} {str(job.pk)[:8]}",
            url=reverse("job", args=[job.pk]),
            note="SIMULATED" if job.origin == "simulated" else "",
        ),
        Cell(State(job.state).label, state=job.state),
        Cell(done),
        Cell(asker),
        Cell(f"{timezone.localtime(job.queued_at):%-d %b, %H:%M}"),
        Cell(failure_of(job) or sentence_of(job)),
    )


def facts_of(job: Job) -> list[tuple[str, str]]:
    """Return what is known of a job, as pairs of a word and its value."""
    found = [
        ("Asked by", str(job.created_by) if job.created_by else "the portal itself"),
        ("Queue", job.queue),
        ("Site", str(job.site) if job.site else "no site"),
        ("Origin of its data", job.origin or "no data"),
        ("Attempts", f"{job.attempts} of {settings.JOB_MAX_ATTEMPTS}"),
        ("Waiting since", _instant(job.queued_at)),
        ("Begun", _instant(job.started_at)),
        ("Ended", _instant(job.ended_at)),
        ("Its process had", ", ".join(job.sandbox)),
    ]
    return [(word, value) for word, value in found if value]


def in_pieces(digest: str) -> list[str]:
    """Return a hash in pieces between which a narrow page may break it."""
    return [digest[at : at + 8] for at in range(0, len(digest), 8)]


def _instant(value: object) -> str:
    return f"{timezone.localtime(value):%-d %B %Y, %H:%M:%S}" if value else ""  # type: ignore[arg-type]
