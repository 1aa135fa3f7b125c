"""A participant: known here by research code only. Names live in `cohort.identity`."""

import uuid

from django.db import models
from django.db.models import Q

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
