"""The Celery task: a shell. Two deliveries may come; only one can claim the job."""

import os
import socket
import uuid

from celery import shared_task

from portal.jobs.broker import RUN_JOB
from portal.jobs.folders import find_cage_at_home
from portal.jobs.leases import claim_job
from portal.jobs.supervise import run_held_job


@shared_task(name=RUN_JOB)
def run_job(*, job_pk: str) -> None:
    """Run one queued job, unless another worker has it."""
    owner = f"{socket.gethostname()}:{os.getpid()}"
    held = claim_job(uuid.UUID(job_pk), owner=owner, sandbox=find_cage_at_home().facts)
    if held is not None:
        run_held_job(held)
