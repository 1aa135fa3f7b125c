"""Membership: one user, one role, one site (or every site), with dates."""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.sites.models import Site


class Role(models.TextChoices):
    """The roles of the study (DECISIONS 6, "Roles")."""

    NURSE = "nurse", "Research nurse"
    RADIOGRAPHER = "radiographer", "Radiographer"
    READER = "reader", "Reader"
    ASSESSOR = "assessor", "Outcome assessor"
    DATA_MANAGER = "data_manager", "Data manager"
    ANALYST = "analyst", "Analyst"
    PI = "pi", "Principal investigator"
    CUSTODIAN = "custodian", "Custodian"
    MONITOR = "monitor", "Monitor"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Administrator"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def on(self, day: date) -> "MembershipQuerySet":
        """Return the memberships that hold on a day; the last day counts."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)


class Membership(models.Model):
    """A delegation: this person has this role at this site between these days. No site means every site."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ("user", "role", "starts_on")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="membership_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_is_known"),
            models.UniqueConstraint(
                fields=("user", "role", "site"),
                condition=Q(ends_on=None),
                nulls_distinct=False,
                name="membership_open_only_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.site or 'every site'}"
