"""A job is one piece of work too long for a page. Two tables: what became of it, and who is at it now.

`Job` holds what matters afterwards and is under audit. `Lease` holds what changes every few seconds (who works on
it, until when, how far it is) and is not: an audit of heartbeats would bury everything else.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.jobs.states import ENDED, OPEN, State
from portal.sites.models import Site


class Job(models.Model):
    """One piece of work: what was asked, by whom, and what came out."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60, help_text="a name in portal.jobs.registry")
    queue = models.CharField(max_length=10, choices=[("web", "web"), ("gpu", "gpu")])
    spec = models.JSONField(help_text="what is to be done; never anything that identifies a person")
    spec_sha256 = models.CharField(max_length=64, help_text="of the spec as canonical JSON (RFC 8785)")
    origin = models.CharField(
        max_length=10, null=True, blank=True, choices=[("simulated", "simulated"), ("human", "human")]
    )
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0, help_text="how often a worker began it, since it was last queued")
    sandbox = models.JSONField(default=list, help_text="how its process was shut in, in words")
    result = models.JSONField(null=True, blank=True)
    result_sha256 = models.CharField(max_length=64, blank=True)
    failure_code = models.CharField(max_length=40, blank=True, help_text="of the last attempt that failed")
    failure_text = models.TextField(blank=True, help_text="what happened and what to do, for a person")
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-queued_at", "pk")
        indexes = (models.Index(fields=("state", "queue"), name="job_state_queue"),)
        constraints = (
            # A double click asks for work that is waiting or under way: the same job. Once it has ended, asking
            # again is a new wish (another try after a failure, a measurement repeated), so ended jobs do not count.
            models.UniqueConstraint(fields=("kind", "spec_sha256"), condition=Q(state__in=OPEN), name="job_open_once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state_is_known"),
            models.CheckConstraint(
                condition=Q(state="finished", result__isnull=False, result_sha256__regex="^[0-9a-f]{64}$")
                | (~Q(state="finished") & Q(result__isnull=True, result_sha256="")),
                name="job_finished_has_result",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("failed", "parked")) | ~Q(failure_code=""), name="job_failure_has_reason"
            ),
            models.CheckConstraint(condition=Q(state__in=ENDED) ^ Q(ended_at=None), name="job_ended_has_instant"),
            models.CheckConstraint(
                condition=Q(state__in=("cancelling", "cancelled")) ^ Q(cancel_requested_at=None),
                name="job_cancel_has_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("running", "cancelling")) | Q(started_at__isnull=False, attempts__gte=1),
                name="job_running_has_begun",
            ),
            models.CheckConstraint(
                condition=Q(origin=None) | Q(origin__in=("simulated", "human")), name="job_origin_is_known"
            ),
            models.CheckConstraint(condition=Q(queue__in=("web", "gpu")), name="job_queue_is_known"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {str(self.pk)[:8]}"


class Lease(models.Model):
    """Who works on a job, until when, and how far it is.

    The token is raised each time the job changes hands. Every write of a worker is conditional on its token, so a
    worker that was taken for dead and wakes again can change nothing (a fencing token; Kleppmann, "How to do
    distributed locking", 2016).
    """

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="lease")
    token = models.BigIntegerField(default=0)
    owner = models.CharField(max_length=120, blank=True, help_text="machine and process of the worker")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="by the database's clock")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="when the sweeper last sent a message for it")
    step = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=500, blank=True, help_text="what it is doing, in words")
    checkpoint_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(owner="") ^ Q(lease_until__isnull=False), name="lease_names_owner"),
        )

    def __str__(self) -> str:
        return f"lease {self.token} of {self.job_id}"
