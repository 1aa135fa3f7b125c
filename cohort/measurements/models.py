"""Measured values, each with its unit, the version of the measuring, and the hash of the pixels it was measured in."""

import uuid

from django.db import models
from django.db.models import Q

from cohort.imaging.models import Series
from cohort.participants.models import Participant
from cohort.study.models import Origin

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
