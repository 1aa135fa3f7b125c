"""Which series were given to be measured, and by which version."""

import uuid

from django.db import models

from cohort.imaging.models import Series
from cohort.participants.models import Participant
from cohort.study.models import Origin
from portal.jobs.models import Job


class SeriesMeasuring(models.Model):
    """One series, given to one job. Its state is the job's; the values stand with `cohort.measurements`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, models.PROTECT, related_name="measurings")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    version = models.CharField(max_length=20)
    job = models.ForeignKey(Job, models.PROTECT, related_name="+")
    measured_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("series", "version")
        constraints = (models.UniqueConstraint(fields=("series", "version"), name="seriesmeasuring_once"),)

    def __str__(self) -> str:
        return f"measuring of {self.series_id}, version {self.version}"
