"""Filled-in forms. Those that tell of an outcome lie in the schema `outcome`, under a database role of their own."""

import uuid

from django.db import models
from django.db.models import Q

from cohort.crf.states import RecordState
from cohort.participants.models import Participant, Visit
from cohort.study.models import Origin


class BaseRecord(models.Model):
    """One filled-in form, or one row of a repeating one.

    answers: variable → typed value, of the questions that are asked; what the form works out stands here too.
    missing: variable → why there is no answer. set_aside: answers to questions that are no longer asked.
    typed: what was typed where it was another unit. stamps: variable → the version that changed it last.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    form = models.CharField(max_length=3)
    number = models.PositiveSmallIntegerField(default=1, help_text="1 unless the form repeats")
    state = models.CharField(max_length=10, choices=RecordState.choices, default=RecordState.DRAFT)
    version = models.PositiveIntegerField(default=0)
    answers = models.JSONField(default=dict, blank=True)
    missing = models.JSONField(default=dict, blank=True)
    comments = models.JSONField(default=dict, blank=True)
    set_aside = models.JSONField(default=dict, blank=True)
    typed = models.JSONField(default=dict, blank=True)
    stamps = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.form} {self.number}"


class Record(BaseRecord):
    """A form that tells of no outcome."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="records")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="records")

    class Meta:
        ordering = ("form", "number")
        constraints = (
            models.UniqueConstraint(fields=("visit", "form", "number"), name="record_number_once"),
            models.CheckConstraint(condition=Q(state__in=RecordState.values), name="record_state_is_known"),
        )


class OutcomeRecord(BaseRecord):
    """A form that tells of an outcome. No foreign keys: they would need rights this role must not have."""

    participant_id = models.UUIDField()
    visit_id = models.UUIDField()

    class Meta:
        db_table = '"outcome"."record"'
        ordering = ("form", "number")
        constraints = (
            models.UniqueConstraint(fields=("visit_id", "form", "number"), name="outcome_record_number_once"),
            models.CheckConstraint(condition=Q(state__in=RecordState.values), name="outcome_record_state_is_known"),
        )
        indexes = (models.Index(fields=("participant_id", "form"), name="outcome_record_of_person"),)
