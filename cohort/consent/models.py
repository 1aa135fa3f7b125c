"""Consents and withdrawals. Both are only ever added; the current consent is the latest signed."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from cohort.participants.models import Participant
from cohort.study.models import ConsentForm


class ConsentState(models.TextChoices):
    GIVEN = "given", "Given"
    SUPERSEDED = "superseded", "Replaced by a newer one"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Mode(models.TextChoices):
    PAPER = "1", "On paper"
    ELECTRONIC = "2", "Electronic"
    REMOTE = "3", "Remote video"


class Consent(models.Model):
    """One signing: a form version and an answer to each of its items (CRF form `con`). No answer = not asked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="consents")
    form = models.ForeignKey(ConsentForm, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ConsentState.choices, default=ConsentState.GIVEN)
    signed_on = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=1, choices=Mode.choices, default=Mode.PAPER)
    copy_given = models.BooleanField()
    con_i_part = models.BooleanField("take part in the study", null=True)
    con_i_rad = models.BooleanField("X-ray, DXA and pQCT research exposures", null=True)
    con_i_gp = models.BooleanField("tell the GP about taking part", null=True)
    con_i_incid = models.BooleanField("be told about incidental findings, GP informed", null=True)
    con_i_records = models.BooleanField("look at medical records", null=True)
    con_i_link = models.BooleanField("linkage to national hospital and death data", null=True)
    con_i_contact = models.BooleanField("contact for follow-up", null=True)
    con_i_future = models.BooleanField("de-identified data for other ethically approved research", null=True)
    con_i_commercial = models.BooleanField("de-identified data shared with a commercial partner", null=True)
    con_i_ai = models.BooleanField("images used to train and test AI", null=True)
    con_i_recontact = models.BooleanField("contact about future studies", null=True)

    class Meta:
        ordering = ("-signed_on", "-recorded_at")
        constraints = (
            models.UniqueConstraint(
                fields=("participant",), condition=Q(state=ConsentState.GIVEN), name="consent_one_is_current"
            ),
            models.CheckConstraint(condition=Q(copy_given=True), name="consent_copy_was_given"),
            models.CheckConstraint(condition=Q(con_i_part=True), name="consent_is_to_take_part"),
        )

    def __str__(self) -> str:
        return f"consent of {self.participant} on {self.signed_on}"


ITEMS: dict[str, str] = {
    field.name: str(field.verbose_name) for field in Consent._meta.fields if field.name.startswith("con_i_")
}
"""Consent item → its words on the form, in the order of the form."""


class Level(models.IntegerChoices):
    """How far a withdrawal goes (CLINICAL 1.5). Only the last one erases."""

    NO_MORE_VISITS = 1, "No more visits"
    NO_FURTHER_CONTACT = 2, "No further contact"
    NO_FURTHER_ACCESS = 3, "No further access"
    NO_FURTHER_USE = 4, "No further use"


class Withdrawal(models.Model):
    """One withdrawal; a later one may go further, none goes back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="withdrawals")
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    withdrawn_on = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True, help_text="later than it was said, where that was by letter")
    why = models.TextField(blank=True, help_text="No reason is required.")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-level", "withdrawn_on")
        constraints = (
            models.CheckConstraint(condition=Q(level__in=Level.values), name="withdrawal_level_is_known"),
            models.UniqueConstraint(fields=("participant", "level"), name="withdrawal_level_once"),
        )

    def __str__(self) -> str:
        return f"withdrawal of {self.participant}: {self.get_level_display()}"
