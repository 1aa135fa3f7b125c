"""Snapshots: what a model learns from or is tested on, written once and never changed. And who is in them, in `vault`.

A snapshot takes its state from its job; once it is built, its hash stands here and nothing of it changes any more.
"""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cohort.study.models import Origin, Study
from portal.jobs.models import Job


class Purpose(models.TextChoices):
    """What a snapshot is for. One for tests holds no labels and is opened to the prediction process alone."""

    TRAIN = "train", "Training"
    TEST = "test", "Test inputs"


class Snapshot(models.Model):
    """One data set of one study, one origin and one task. The database ties its origin to the study's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="snapshots")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    task = models.CharField(max_length=20)
    rule_version = models.CharField(max_length=40, help_text="of the rule that makes its labels")
    purpose = models.CharField(max_length=5, choices=Purpose.choices)
    asked_columns = ArrayField(models.CharField(max_length=60), null=True, blank=True)
    """The columns somebody asked for; null: every admissible one."""
    modalities = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    job = models.OneToOneField(Job, models.PROTECT, null=True, blank=True, related_name="snapshot")

    built_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0, help_text="of the job: whose rows in vault are the true ones")
    sha256 = models.CharField(max_length=64, blank=True, help_text="of the manifest's canonical JSON without itself")
    n = models.PositiveIntegerField(null=True, blank=True)
    n_events = models.PositiveIntegerField(null=True, blank=True, help_text="of training participants only")
    consent_root = models.CharField(max_length=64, blank=True)
    manifest = models.JSONField(null=True, blank=True)
    flow = models.JSONField(default=list, blank=True, help_text="[words, how many are left, how many left out]")

    class Meta:
        ordering = ("-asked_at", "pk")
        constraints = (
            # The target of the composite foreign key that carries the origin to runs.
            models.UniqueConstraint(fields=("id", "origin"), name="snapshot_origin_key"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="snapshot_purpose_is_known"),
            models.CheckConstraint(
                condition=Q(sha256="", built_at=None, n=None, n_events=None, manifest__isnull=True)
                | Q(sha256__regex="^[0-9a-f]{64}$", built_at__isnull=False, n__isnull=False, manifest__isnull=False),
                name="snapshot_built_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(purpose=Purpose.TEST) | Q(n_events=None), name="snapshot_test_counts_no_events"
            ),
        )

    def __str__(self) -> str:
        return f"snapshot {str(self.pk)[:8]}"

    @property
    def is_built(self) -> bool:
        """True once its hash is known."""
        return bool(self.sha256)


class DatasetRow(models.Model):
    """Which participant stands behind a token of a snapshot: for the snapshot builder and the scorer alone."""

    token = models.CharField(primary_key=True, max_length=32)
    snapshot_id = models.UUIDField()
    attempt = models.PositiveIntegerField()
    participant_id = models.UUIDField()

    class Meta:
        db_table = '"vault"."dataset_row"'
        constraints = (
            models.UniqueConstraint(fields=("snapshot_id", "attempt", "participant_id"), name="dataset_row_once"),
            models.CheckConstraint(condition=Q(token__regex="^[0-9a-f]{32}$"), name="dataset_row_token"),
        )

    def __str__(self) -> str:
        return f"row of {self.snapshot_id}"
