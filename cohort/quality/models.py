"""Queries: a question about one answer of one form, and what was said about it since (CLINICAL 2.7)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from cohort.participants.models import Participant, Visit
from cohort.study.models import Origin


class QueryState(models.TextChoices):
    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    REOPENED = "reopened", "Reopened"
    CLOSED = "closed", "Closed"


class Query(models.Model):
    """A question about what stands in a form, or does not stand there. variable: empty for the form as a whole."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="queries")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="queries")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    form = models.CharField(max_length=3)
    number = models.PositiveSmallIntegerField(default=1, help_text="which row of a repeating form")
    variable = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=QueryState.choices, default=QueryState.OPEN)
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-raised_at", "pk")
        verbose_name_plural = "queries"
        constraints = (
            models.CheckConstraint(condition=Q(state__in=QueryState.values), name="query_state_is_known"),
            models.CheckConstraint(condition=Q(number__gte=1), name="query_number_from_1"),
        )

    def __str__(self) -> str:
        return f"query {str(self.pk)[:8]}"


class Message(models.Model):
    """What somebody said in a query. It is never changed; its text stays out of the audit and of every log."""

    class Kind(models.TextChoices):
        ASKED = "asked", "Asked"
        ANSWERED = "answered", "Answered"
        REOPENED = "reopened", "Asked again"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    query = models.ForeignKey(Query, models.PROTECT, related_name="messages")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.CharField(max_length=500, blank=True)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    said_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("said_at", "pk")
        constraints = (models.CheckConstraint(condition=Q(kind="closed") | ~Q(text=""), name="message_says_something"),)

    def __str__(self) -> str:
        return f"{self.kind} in {self.query_id}"
