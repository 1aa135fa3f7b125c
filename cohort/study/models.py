"""The study as data. What the protocol fixes never changes once enrolment is open."""

import uuid
from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from modelling.engine.features.step_wedge import Wedge
from portal.sites.models import Site


class Origin(models.TextChoices):
    """Where people come from; inherited by everything made from them, never changed, never mixed (DECISIONS 4)."""

    SIMULATED = "simulated", "Simulated"
    HUMAN = "human", "Human"


class Basis(models.TextChoices):
    """What allows the use of the data."""

    CONSENT = "consent", "Consent of each participant"
    PUBLIC_USE = "public_use", "Public-use data set"


class StudyState(models.TextChoices):
    SETTING_UP = "setting_up", "Setting up"
    ENROLLING = "enrolling", "Enrolling"
    CLOSED = "closed", "Closed to enrolment"


BLOCK_SIZE = 10


class Study(models.Model):
    """One study: its rules of eligibility, its draw, its target."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    basis = models.CharField(max_length=10, choices=Basis.choices, default=Basis.CONSENT)
    state = models.CharField(max_length=12, choices=StudyState.choices, default=StudyState.SETTING_UP)
    min_age_years = models.PositiveSmallIntegerField(default=50)
    min_age_counts = models.BooleanField(default=True, help_text="True: at least this age. False: older than this age.")
    n_test_per_block = models.PositiveSmallIntegerField(
        default=3, help_text="How many of each ten are drawn into the test set."
    )
    target_participants = models.PositiveIntegerField(default=100)
    target_months = models.PositiveSmallIntegerField(default=18)
    small_team = models.BooleanField(
        default=False, help_text="Five people run the study; what each merger of roles weakens is printed."
    )
    opened_at = models.DateTimeField(null=True, blank=True)
    protocol_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("code",)
        verbose_name_plural = "studies"
        constraints = (
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="study_origin_is_known"),
            models.CheckConstraint(condition=Q(basis__in=Basis.values), name="study_basis_is_known"),
            models.CheckConstraint(
                condition=Q(n_test_per_block__gte=1, n_test_per_block__lt=BLOCK_SIZE), name="study_draws_some_of_ten"
            ),
            models.CheckConstraint(
                condition=Q(state=StudyState.SETTING_UP, opened_at=None, protocol_sha256="")
                | (~Q(state=StudyState.SETTING_UP) & Q(opened_at__isnull=False) & ~Q(protocol_sha256="")),
                name="study_opened_fits_its_state",
            ),
            # The target of the composite foreign keys that carry the origin downwards.
            models.UniqueConstraint(fields=("id", "origin"), name="study_origin_key"),
        )

    def __str__(self) -> str:
        return self.title


class StudySite(models.Model):
    """A site that takes part in a study."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="study_sites")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    joined_on = models.DateField()

    class Meta:
        ordering = ("site__name",)
        constraints = (models.UniqueConstraint(fields=("study", "site"), name="studysite_once"),)

    def __str__(self) -> str:
        return f"{self.site} in {self.study}"


class EthicsApproval(models.Model):
    """A favourable opinion of a research ethics committee."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="approvals")
    committee = models.CharField(max_length=160)
    reference = models.CharField(max_length=60)
    approved_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("-approved_on",)
        constraints = (
            models.UniqueConstraint(fields=("study", "reference"), name="approval_reference_once"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("approved_on")), name="approval_ends_after_it_begins"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference}, {self.committee}"

    def is_valid_on(self, day: date) -> bool:
        """True from the day of approval to its last day, both included."""
        return self.approved_on <= day and (self.ends_on is None or day <= self.ends_on)


class ConsentForm(models.Model):
    """A version of the consent form with its information sheet, as an ethics approval allows it."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="consent_forms")
    approval = models.ForeignKey(EthicsApproval, models.PROTECT, related_name="consent_forms")
    version = models.CharField(max_length=20)
    sheet_version = models.CharField("information sheet version", max_length=20)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    reconsent_required = models.BooleanField(
        default=False, help_text="Everybody who signed an older version is asked again."
    )

    class Meta:
        ordering = ("-valid_from", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("study", "version"), name="consentform_version_once"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="consentform_ends_after_it_begins"
            ),
        )

    def __str__(self) -> str:
        return f"consent form {self.version}"

    def is_valid_on(self, day: date) -> bool:
        """True on the days of the form itself that its approval covers too."""
        inside = self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
        return inside and self.approval.is_valid_on(day)


class Device(models.Model):
    """A scanner or X-ray unit of a site."""

    class Kind(models.TextChoices):
        RADIOGRAPH = "radiograph", "X-ray unit"
        DXA = "dxa", "DXA"
        PQCT = "pqct", "pQCT"
        HRPQCT = "hrpqct", "HR-pQCT"

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    maker = models.CharField(max_length=60)
    model = models.CharField(max_length=60)
    serial = models.CharField("serial number", max_length=60)
    in_use_from = models.DateField()
    in_use_to = models.DateField(null=True, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    wedge_steps_mm = ArrayField(
        models.FloatField(),
        default=list,
        blank=True,
        help_text="of a step wedge on each film, mm of aluminium",
    )
    wedge_length_mm = models.FloatField(null=True, blank=True, help_text="of one step, along the wedge")

    class Meta:
        ordering = ("site", "kind", "maker")
        constraints = (models.UniqueConstraint(fields=("maker", "model", "serial"), name="device_serial_once"),)

    def __str__(self) -> str:
        return f"{self.maker} {self.model} ({self.get_kind_display()})"

    @property
    def wedge(self) -> Wedge | None:
        """The step wedge that lies on its films, if one is named."""
        return None if self.wedge_length_mm is None else Wedge(tuple(self.wedge_steps_mm), self.wedge_length_mm)
