"""A participant, known here by research code only (names live in `cohort.identity`), and the visits planned."""

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q

from cohort.participants.states import VisitState
from cohort.study.models import Origin, Study
from portal.sites.models import Site


class Sex(models.TextChoices):
    """Sex registered at birth (field `sex`)."""

    FEMALE = "F", "Female"
    MALE = "M", "Male"


class Participant(models.Model):
    """One person in one study. The database ties the origin to the study's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="participants")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    code = models.CharField(max_length=14, unique=True)
    number = models.PositiveIntegerField(help_text="running number within the site, part of the code")
    sex = models.CharField(max_length=1, choices=Sex.choices)
    birth_year = models.PositiveSmallIntegerField()
    enrolled_at = models.DateTimeField()

    class Meta:
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=("site", "number"), name="participant_number_once_per_site"),
            models.CheckConstraint(condition=Q(sex__in=Sex.values), name="participant_sex_is_known"),
            models.UniqueConstraint(fields=("id", "origin"), name="participant_origin_key"),
        )

    def __str__(self) -> str:
        return self.code


class Visit(models.Model):
    """One planned visit of one participant: when it is due, within which days, and when it happened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="visits")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    code = models.CharField(max_length=8, help_text="kind of visit, as in cohort/study/schedule.py")
    state = models.CharField(max_length=10, choices=VisitState.choices, default=VisitState.PLANNED)
    due_on = models.DateField()
    opens_on = models.DateField()
    closes_on = models.DateField()
    happened_on = models.DateField(null=True, blank=True)
    # The birth date lies in the sealed part; the age is worked out once, when the visit begins.
    age_y = models.PositiveSmallIntegerField("age in completed years on the day of the visit", null=True, blank=True)
    is_inpatient = models.BooleanField("hospital inpatient at this visit", null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="why it was missed, or lay outside its window")

    class Meta:
        ordering = ("due_on", "code")
        constraints = (
            models.UniqueConstraint(fields=("participant", "code"), name="visit_once_per_code"),
            models.UniqueConstraint(fields=("id", "origin"), name="visit_origin_key"),
            models.UniqueConstraint(fields=("id", "participant"), name="visit_participant_key"),
            models.CheckConstraint(condition=Q(state__in=VisitState.values), name="visit_state_is_known"),
            models.CheckConstraint(
                condition=Q(opens_on__lte=F("due_on"), closes_on__gte=F("due_on")), name="visit_window_holds_its_day"
            ),
            models.CheckConstraint(
                condition=~(Q(state=VisitState.DONE) ^ Q(happened_on__isnull=False)), name="visit_done_has_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} of {self.participant.code}"

    @property
    def is_outside_window(self) -> bool:
        """True if the visit happened before or after its window."""
        return self.happened_on is not None and not self.opens_on <= self.happened_on <= self.closes_on

    def standing_on(self, day: date) -> str:
        """Return how the visit stands on a day: its state, or for a planned one later, open, due or overdue."""
        if self.state != VisitState.PLANNED:
            return str(self.state)
        if day < self.opens_on:
            return "planned"
        if day > self.closes_on:
            return "overdue"
        return "due" if day >= self.due_on else "open"
