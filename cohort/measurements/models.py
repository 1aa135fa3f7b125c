"""Measured values, each with unit, version and hash of the pixels; pictures of where, and what is odd or missing."""

import uuid

from django.db import models
from django.db.models import Q

from cohort.imaging.models import Series
from cohort.participants.models import Participant
from cohort.study.models import Origin
from portal.jobs.models import Job

OUTCOME_FAMILY = "dxa."
"""Values of a DXA tell the outcome (DECISIONS 2): names that begin so lie in the closed schema, and no others do."""


class BaseMeasurement(models.Model):
    """One value. It is never changed: another version of the measuring adds another row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    name = models.CharField(max_length=60)
    unit = models.CharField(max_length=20)
    value = models.FloatField()
    version = models.CharField(max_length=20)
    pixel_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"


class Measurement(BaseMeasurement):
    """A value that tells of no outcome."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="measurements")
    series = models.ForeignKey(Series, models.PROTECT, related_name="measurements")

    class Meta:
        ordering = ("series", "name", "version")
        constraints = (
            models.UniqueConstraint(fields=("series", "name", "version"), name="measurement_once"),
            models.CheckConstraint(
                condition=~Q(name__startswith=OUTCOME_FAMILY), name="measurement_tells_of_no_outcome"
            ),
            models.CheckConstraint(condition=Q(pixel_sha256__regex="^[0-9a-f]{64}$"), name="measurement_is_hashed"),
        )


class OutcomeMeasurement(BaseMeasurement):
    """A value of a DXA. No foreign keys: they would need rights that its roles must not have."""

    participant_id = models.UUIDField()
    series_id = models.UUIDField()

    class Meta:
        db_table = '"outcome"."measurement"'
        ordering = ("series_id", "name", "version")
        constraints = (
            models.UniqueConstraint(fields=("series_id", "name", "version"), name="outcome_measurement_once"),
            models.CheckConstraint(
                condition=Q(name__startswith=OUTCOME_FAMILY), name="outcome_measurement_is_of_a_dxa"
            ),
            models.CheckConstraint(
                condition=Q(pixel_sha256__regex="^[0-9a-f]{64}$"), name="outcome_measurement_is_hashed"
            ),
        )
        indexes = (models.Index(fields=("participant_id",), name="outcome_measurement_of_person"),)


class BaseAbout(models.Model):
    """Something a measuring left beside its values. It is never changed: another version adds another row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    series = models.ForeignKey(Series, models.PROTECT, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    version = models.CharField(max_length=20)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Picture(BaseAbout):
    """A picture of what was measured: a PNG in the content-addressed store, its mark and scale among its pixels."""

    class Kind(models.TextChoices):
        SEGMENTATION = "segmentation", "What was measured"
        THICKNESS = "thickness", "Local thickness"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    sha256 = models.CharField(max_length=64)
    n_bytes = models.PositiveIntegerField()

    class Meta:
        ordering = ("series", "kind", "version")
        constraints = (
            models.UniqueConstraint(fields=("series", "kind", "version"), name="picture_once"),
            models.CheckConstraint(condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="picture_is_hashed"),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.series_id}"


class Remark(BaseAbout):
    """What is odd about an image, or why a quantity could not be measured in it (then `name` is that quantity)."""

    name = models.CharField(max_length=60, blank=True)
    words = models.CharField(max_length=300)

    class Meta:
        ordering = ("series", "version", "name", "words")

    def __str__(self) -> str:
        return f"remark on {self.series_id}, version {self.version}"


class StrengthTest(models.Model):
    """One mechanical test of a series by finite elements: what was chosen, and what is to be known of the solution.

    recipe: every parameter that was chosen before. facts: elements, iterations, residual, segmentation and the like.
    field: strain energy density as NIfTI; picture: where the bone would fail; both in the content-addressed store.
    Its state is the job's. Another recipe is another test: their values are never pooled.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    series = models.ForeignKey(Series, models.PROTECT, related_name="strength_tests")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    job = models.OneToOneField(Job, models.PROTECT, related_name="+")
    version = models.CharField(max_length=20)
    recipe = models.JSONField()
    pixel_sha256 = models.CharField(max_length=64)
    asked_at = models.DateTimeField(auto_now_add=True)
    facts = models.JSONField(default=dict, blank=True)
    field_sha256 = models.CharField(max_length=64, blank=True)
    picture_sha256 = models.CharField(max_length=64, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("series", "-asked_at")
        constraints = (
            models.UniqueConstraint(fields=("id", "participant"), name="strengthtest_participant_key"),
            models.CheckConstraint(condition=Q(pixel_sha256__regex="^[0-9a-f]{64}$"), name="strengthtest_is_hashed"),
            models.CheckConstraint(
                condition=Q(tested_at=None, field_sha256="", picture_sha256="", facts={})
                | (
                    Q(tested_at__isnull=False)
                    & Q(field_sha256__regex="^[0-9a-f]{64}$", picture_sha256__regex="^[0-9a-f]{64}$")
                    & ~Q(facts={})
                ),
                name="strengthtest_is_whole",
            ),
        )

    def __str__(self) -> str:
        return f"strength test of {self.series_id}"

    @property
    def direction(self) -> str:
        """The load, as `modelling.engine.fe.loads.DIRECTIONS` names it."""
        return str(self.recipe["direction"])


class StrengthValue(models.Model):
    """One value of a test. It is never changed."""

    id = models.BigAutoField(primary_key=True)
    test = models.ForeignKey(StrengthTest, models.PROTECT, related_name="values")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    unit = models.CharField(max_length=20)
    value = models.FloatField()

    class Meta:
        ordering = ("test", "pk")
        constraints = (
            models.UniqueConstraint(fields=("test", "name"), name="strengthvalue_once"),
            models.CheckConstraint(condition=Q(name__startswith="fe."), name="strengthvalue_is_of_finite_elements"),
        )

    def __str__(self) -> str:
        return f"{self.name} of {self.test_id}"
