"""Jobs for tests, and what a test looks at."""

from typing import Any

from portal.audit.context import act
from portal.jobs.clocktime import from_now
from portal.jobs.leases import Held, claim_job
from portal.jobs.models import Job, Lease
from portal.jobs.services import launch_job
from portal.roles.actors import SETUP, Actor

SPEC: dict[str, Any] = {"steps": 6, "seconds_per_step": 0.0, "checkpoint_every": 2}


def make_job(actor: Actor = SETUP, queue: str = "web", **changes: Any) -> Job:
    """Ask for a demonstration; `site` and `origin` go to the job, the rest into its spec."""
    options = {name: changes.pop(name) for name in ("site", "origin") if name in changes}
    with act(actor, "house.set_up"):
        return launch_job(actor=actor, kind="demonstration", spec={**SPEC, **changes}, queue=queue, **options)


def claim(job: Job, owner: str = "worker one") -> Held:
    """Claim a job that can be claimed."""
    held = claim_job(job.pk, owner=owner, sandbox=["no network"])
    assert held is not None
    return held


def let_lease_run_out(job: Job) -> None:
    """Put the end of a lease into the past, by the database's own clock."""
    Lease.objects.filter(job=job).update(lease_until=from_now(-1))


def reload(job: Job) -> Job:
    """Return the job as it stands now."""
    return Job.objects.select_related("lease").get(pk=job.pk)
