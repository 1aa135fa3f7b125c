"""Model versions: what a run taught, registered once, never changed.

The weights and what belongs to them lie in the store under their SHA-256; the row says which files they are. The
origin comes down from the snapshot by a composite foreign key: a model of simulated bones stays one for good.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cohort.datasets.models import Snapshot
from cohort.study.models import Origin, Study


class ModelVersion(models.Model):
    """One trained model: weights, configuration, what it learned from, and what it could do in cross-validation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="model_versions")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="model_versions")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    task = models.CharField(max_length=20)
    number = models.PositiveIntegerField(help_text="counts the versions of one study and task")
    name = models.CharField(max_length=80)
    recipe = models.CharField(max_length=20)
    profile = models.CharField(max_length=20)
    modalities = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    config = models.JSONField()
    metrics = models.JSONField(help_text="cross-validated, over training participants only")
    card = models.JSONField(help_text="what it predicts, from what, for whom, and its limits, in words")
    answers_from = models.CharField(max_length=8, help_text="film, table or all: what it answers from in an evaluation")
    threshold = models.FloatField(
        null=True, blank=True, help_text="for answers_from; chosen out of fold, before any reveal"
    )
    fe_taught = models.BooleanField(
        default=False, help_text="True: finite-element quantities were among its targets (it cannot validate them)"
    )
    model_sha256 = models.CharField(max_length=64, help_text="of model.json")
    weights_sha256 = models.CharField(max_length=64, help_text="of the SHA-256 of each fold's weights, a line each")
    files = models.JSONField(help_text="[{path, sha256, bytes}] of everything the run left")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("study", "task", "-number")
        constraints = (
            models.UniqueConstraint(fields=("study", "task", "number"), name="modelversion_number_once"),
            # The target of the composite foreign keys that carry the origin to predictions.
            models.UniqueConstraint(fields=("id", "origin"), name="modelversion_origin_key"),
            models.CheckConstraint(
                condition=Q(model_sha256__regex="^[0-9a-f]{64}$", weights_sha256__regex="^[0-9a-f]{64}$"),
                name="modelversion_is_hashed",
            ),
            models.CheckConstraint(
                condition=Q(threshold=None) | Q(threshold__gte=0, threshold__lte=1), name="modelversion_threshold_is_p"
            ),
        )

    def __str__(self) -> str:
        return self.name
