"""Blinded evaluations: the question, the models that were entered, and each step that two people agreed to.

Labels and predictions are not here; they lie in schema `vault`. The database holds the order of the states, the two
persons of each step, and what may no longer change once a state was reached (migration 0002).
"""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from cohort.datasets.models import Snapshot
from cohort.study.models import Origin, Study
from modelling.zoo.models import ModelVersion
from portal.jobs.models import Job


class State(models.TextChoices):
    """TRUST 1.4: forward only, one step at a time; void from any state before the reveal."""

    DRAFT = "draft", "Draft"
    ENROLLING = "enrolling", "Enrolling"
    SEALED = "sealed", "Sealed"
    SUBMITTED = "submitted", "Submitted"
    LOCKED = "locked", "Locked"
    REVEALED = "revealed", "Revealed"
    REPORTED = "reported", "Reported"
    ARCHIVED = "archived", "Archived"
    VOID = "void", "Void"


UNDER_WAY = (State.ENROLLING, State.SEALED, State.SUBMITTED, State.LOCKED)
OPENED = (State.REVEALED, State.REPORTED, State.ARCHIVED)
"""States in which labels are open."""


class Step(models.TextChoices):
    """What two people do together; the words are those of a page."""

    OPEN = "open", "Open the evaluation"
    SEAL = "seal", "Seal the labels"
    SUBMIT = "submit", "Hand in the models"
    LOCK = "lock", "Lock"
    REPORT = "report", "Accept the report"
    ARCHIVE = "archive", "Archive"
    VOID = "void", "Void"


class Evaluation(models.Model):
    """One blinded evaluation of one task in one study."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="evaluations")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    task = models.CharField(max_length=20)
    title = models.CharField(max_length=160)
    look = models.PositiveSmallIntegerField(default=1, help_text="1 for the first time this test set is opened")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    protocol = models.JSONField()
    protocol_sha256 = models.CharField(max_length=64)
    custody_keys = ArrayField(models.UUIDField(), default=list, blank=True, help_text="of the three custodians")
    is_demo_custody = models.BooleanField(default=False, help_text="the custodians' cards lie on this machine")
    drafted_at = models.DateTimeField()

    public_key = models.CharField(max_length=64, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    label_batch = models.UUIDField(null=True, blank=True)
    n_labels = models.PositiveIntegerField(null=True, blank=True)
    label_root = models.CharField(max_length=64, blank=True)
    split_root = models.CharField(max_length=64, blank=True)
    exclusions_sha256 = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)
    test_snapshot = models.ForeignKey(Snapshot, models.PROTECT, null=True, blank=True, related_name="evaluations")
    submitted_at = models.DateTimeField(null=True, blank=True)
    manifest = models.TextField(blank=True, help_text="of the lock: canonical JSON, as its exact text")
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    sheet_sha256 = models.CharField(max_length=64, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-drafted_at",)
        constraints = (
            models.CheckConstraint(condition=Q(state__in=State.values), name="evaluation_state_is_known"),
            models.UniqueConstraint(fields=("id", "origin"), name="evaluation_origin_key"),
            models.UniqueConstraint(
                fields=("study", "task"), condition=Q(state__in=UNDER_WAY), name="evaluation_one_under_way"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "void")) | ~Q(public_key=""), name="evaluation_opened_has_key"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "enrolling", "void")) | Q(label_batch__isnull=False),
                name="evaluation_sealed_has_labels",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("locked", *OPENED)) | Q(manifest_sha256__regex="^[0-9a-f]{64}$"),
                name="evaluation_locked_has_manifest",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPENED) ^ Q(sheet_sha256=""), name="evaluation_revealed_has_sheet"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_opened(self) -> bool:
        """True once the labels are open."""
        return self.state in OPENED


class Submission(models.Model):
    """One model entered into an evaluation, with the job that predicts the test inputs. Nothing of it tells a case."""

    class Role(models.TextChoices):
        PRIMARY = "primary", "Primary"
        BASELINE = "baseline", "Baseline"
        SECONDARY = "secondary", "Secondary"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="submissions")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="submissions")
    role = models.CharField(max_length=10, choices=Role.choices)
    job = models.OneToOneField(Job, models.PROTECT, null=True, blank=True, related_name="submission")
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField()
    predictions_sha256 = models.CharField(max_length=64, blank=True)
    n_cases = models.PositiveIntegerField(null=True, blank=True)
    bins = models.JSONField(default=list, blank=True, help_text="predictions by fifths; null under 20 in a bin")
    is_sandboxed = models.BooleanField(default=False, help_text="how the predicting process was shut in")

    class Meta:
        ordering = ("entered_at",)
        constraints = (
            models.UniqueConstraint(fields=("evaluation", "model_version"), name="submission_model_once"),
            models.UniqueConstraint(fields=("evaluation",), condition=Q(role="primary"), name="submission_one_primary"),
        )

    def __str__(self) -> str:
        return f"{self.model_version} as {self.role}"


class Proposal(models.Model):
    """What somebody proposes to do next, by the digest of everything it rests on; it lapses after 72 hours."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="proposals")
    step = models.CharField(max_length=10, choices=Step.choices)
    body = models.TextField(help_text="canonical JSON, as its exact text")
    digest = models.CharField(max_length=64)
    proposer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("-proposed_at",)
        constraints = (models.UniqueConstraint(fields=("id", "proposer"), name="proposal_proposer_key"),)

    def __str__(self) -> str:
        return f"{self.get_step_display()}: {self.evaluation}"


class Approval(models.Model):
    """The second person's yes to one proposal. The database ties the proposer's name to the proposal's own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="approval")
    proposer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    class Meta:
        ordering = ("-approved_at",)
        constraints = (models.CheckConstraint(condition=~Q(approver=F("proposer")), name="approval_by_another_person"),)

    def __str__(self) -> str:
        return f"approval of {self.proposal}"
