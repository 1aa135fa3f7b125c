"""Screening, kept for everyone, and the tables of the concealed draw (schema `vault`)."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cohort.participants.models import Participant, Sex
from cohort.study.models import Origin, Study
from portal.sites.models import Site


class ScreeningState(models.TextChoices):
    ELIGIBLE = "eligible", "Eligible"
    INELIGIBLE = "ineligible", "Not eligible"
    DEFERRED = "deferred", "Deferred"
    DECLINED = "declined", "Declined"
    ENROLLED = "enrolled", "Enrolled"


class Side(models.TextChoices):
    """Answers of the questions that can hold for one forearm."""

    NONE = "0", "None"
    LEFT = "1", "Left"
    RIGHT = "2", "Right"
    BOTH = "3", "Both"


class Screening(models.Model):
    """One person asked, without a name (CRF form `scr`). Linked to a participant only after consent."""

    class Source(models.TextChoices):
        GP_LIST = "1", "GP list"
        DXA_CLINIC = "2", "DXA clinic"
        FRACTURE_CLINIC = "3", "Fracture clinic"
        PANEL = "4", "Volunteer panel"
        ADVERT = "5", "Advert"
        OTHER = "6", "Other"

    class Pregnancy(models.TextChoices):
        NO = "0", "No"
        YES = "1", "Yes"
        NOT_APPLICABLE = "2", "Not applicable"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Given now, so that an enrolment that broke off can be tried again and meets itself.
    participant_id_to_be = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    participant = models.OneToOneField(Participant, models.PROTECT, null=True, blank=True, related_name="screening")
    study = models.ForeignKey(Study, models.PROTECT, related_name="screenings")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=ScreeningState.choices)
    screened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    failed = ArrayField(models.CharField(max_length=40), default=list, help_text="each criterion that was not met")
    defer_until = models.DateField(null=True, blank=True)
    scr_date = models.DateField("date screened")
    scr_source = models.CharField("where the person was identified", max_length=1, choices=Source.choices)
    scr_age = models.PositiveSmallIntegerField("age in completed years")
    sex = models.CharField("sex registered at birth", max_length=1, choices=Sex.choices)
    scr_can_consent = models.BooleanField("able to give own consent")
    scr_can_attend = models.BooleanField("able to attend and lie or sit still for scans")
    scr_pregnant = models.CharField("pregnancy possible", max_length=1, choices=Pregnancy.choices)
    scr_contrast = models.BooleanField("barium, iodinated contrast or radionuclide in the last 14 days")
    scr_wrist_metal = models.CharField("metalwork in the distal forearm", max_length=1, choices=Side.choices)
    scr_wrist_fx12 = models.CharField("forearm fracture in the last 12 months", max_length=1, choices=Side.choices)
    scr_avf = models.CharField("arteriovenous fistula or lymphoedema arm", max_length=1, choices=Side.choices)
    scr_weight_ok = models.BooleanField("within the scanner's table limit")
    scr_bonedisease = models.BooleanField("other disease of the radius (Paget, tumour, infection, deformity)")

    class Meta:
        ordering = ("study", "number")
        constraints = (
            models.UniqueConstraint(fields=("study", "number"), name="screening_number_once"),
            models.CheckConstraint(
                condition=Q(state=ScreeningState.ENROLLED) ^ Q(participant=None), name="screening_enrolled_has_person"
            ),
            models.CheckConstraint(
                condition=Q(state=ScreeningState.DEFERRED) | Q(defer_until=None), name="screening_deferred_has_day"
            ),
        )

    def __str__(self) -> str:
        return f"S-{self.number:04d}"


class DrawNonce(models.Model):
    """A custodian's share of the draw's seed: committed in the ledger, opened after the labels are sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study_id = models.UUIDField()
    custodian_id = models.UUIDField()
    protocol_sha256 = models.CharField(max_length=64)
    nonce = models.BinaryField()
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = '"vault"."draw_nonce"'
        constraints = (
            models.UniqueConstraint(
                fields=("study_id", "custodian_id", "protocol_sha256"), name="draw_nonce_once_per_custodian"
            ),
        )

    def __str__(self) -> str:
        return f"nonce of {self.custodian_id}"


class DrawSeed(models.Model):
    """The seed of a study's draw, made of two custodians' nonces; no page and no export shows it before the reveal."""

    study_id = models.UUIDField(primary_key=True)
    protocol_sha256 = models.CharField(max_length=64)
    nonce_ids = ArrayField(models.UUIDField())
    seed = models.BinaryField()

    class Meta:
        db_table = '"vault"."draw_seed"'

    def __str__(self) -> str:
        return f"seed of {self.study_id}"


class Assignment(models.Model):
    """Training or test, drawn at enrolment. Never changed, never shown before the reveal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant_id = models.UUIDField(unique=True)
    study_id = models.UUIDField()
    stratum = models.CharField(max_length=20)
    position = models.PositiveIntegerField(help_text="0 for the first of its stratum")
    is_test = models.BooleanField()

    class Meta:
        db_table = '"vault"."assignment"'
        constraints = (
            models.UniqueConstraint(fields=("study_id", "stratum", "position"), name="assignment_position_once"),
        )

    def __str__(self) -> str:
        return f"assignment of {self.participant_id}"
