"""Training runs. A run takes its state from its job; before it has one, it waits for its snapshot."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from cohort.datasets.models import Snapshot
from cohort.study.models import Origin, Study
from modelling.zoo.models import ModelVersion
from portal.jobs.models import Job
from portal.jobs.states import State


class TrainingRun(models.Model):
    """One wish to train: on which snapshot, by which recipe, and the model version that came of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="runs")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="runs")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    task = models.CharField(max_length=20)
    number = models.PositiveIntegerField(help_text="counts the runs of one study")
    config = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="ended while it waited for its snapshot")
    stopped_why = models.CharField(max_length=500, blank=True)
    job = models.OneToOneField(Job, models.PROTECT, null=True, blank=True, related_name="run")
    model = models.OneToOneField(ModelVersion, models.PROTECT, null=True, blank=True, related_name="run")
    curves = models.JSONField(default=list, blank=True, help_text="a point for each epoch and fold, once finished")

    class Meta:
        ordering = ("-asked_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=("study", "number"), name="run_number_once"),
            models.CheckConstraint(condition=Q(model=None) | Q(job__isnull=False), name="run_model_has_job"),
            models.CheckConstraint(condition=Q(stopped_at=None) | Q(job=None), name="run_stopped_before_its_job"),
        )

    def __str__(self) -> str:
        return f"run {self.number}"

    @property
    def state(self) -> str:
        """The job's state; 'waiting' before there is one, 'failed' or 'cancelled' where there never will be."""
        if self.job is not None:
            return str(self.job.state)
        if self.stopped_at is None:
            return "waiting"
        return State.FAILED if self.stopped_why else State.CANCELLED

    @property
    def recipe(self) -> str:
        """The recipe's name."""
        return str(self.config["recipe"])

    @property
    def profile(self) -> str:
        """The profile's name."""
        return str(self.config["profile"])
