"""Reports that were kept: the PDF as it was printed, with its digest."""

import uuid

from django.db import models

from cohort.study.models import Origin
from modelling.blinded.models import Evaluation


class Report(models.Model):
    """The report of one revealed evaluation, kept once. Printing it again gives the same bytes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation = models.OneToOneField(Evaluation, models.PROTECT, related_name="report")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    sheet_sha256 = models.CharField(max_length=64)
    pdf_sha256 = models.CharField(max_length=64)
    pdf = models.BinaryField()
    built_at = models.DateTimeField()

    class Meta:
        ordering = ("-built_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(pdf_sha256__regex="^[0-9a-f]{64}$", sheet_sha256__regex="^[0-9a-f]{64}$"),
                name="report_has_digests",
            ),
        )

    def __str__(self) -> str:
        return f"report of {self.evaluation}"
