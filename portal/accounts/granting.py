"""Whether a role can be given, and the sentence when it cannot. The database refuses the same pairs (TB003)."""

from datetime import date
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from portal.accounts.rules import GRANTABLE_BY, may_grant
from portal.core.errors import NotAllowed, Refused
from portal.roles.actors import Actor
from portal.roles.models import Membership, Role
from portal.roles.policy import require
from portal.roles.separation import refused_with

REFUSED_TOGETHER = "TB003"
UNIQUE_VIOLATION = "23505"


def check_grant(actor: Actor, wanted: Membership, *, ending: bool = False) -> None:
    """Raise unless the actor may give this role there (or end it) and the person may hold it then."""
    require(actor, "role.end" if ending else "role.grant", wanted.site_id)
    if wanted.role not in GRANTABLE_BY:
        raise Refused(f"'{wanted.role}' is no role of the study")
    if not may_grant(actor, wanted.role, wanted.site_id):
        givers = " or ".join(sorted(Role(role).label.lower() for role in GRANTABLE_BY[wanted.role]))
        place = wanted.site or "every site"
        label = Role(wanted.role).label.lower()
        raise NotAllowed(f"the role {label} at {place} is given and ended by: {givers}, who holds that role there")
    if ending:
        return
    if actor.user_pk == wanted.user_id:
        raise NotAllowed("nobody gives a role to themselves: ask somebody else who may")
    if not wanted.user.is_active:
        raise Refused("this account is closed; open it again before giving it a role")
    _check_days(wanted)
    _check_together(wanted)


def save_membership(wanted: Membership) -> None:
    """Save a new membership; what another grant at the same moment forbids becomes one readable sentence."""
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
    except DatabaseError as error:
        state = getattr(error.__cause__, "sqlstate", "")
        if state == REFUSED_TOGETHER:
            raise Refused("somebody gave this person a role that excludes this one a moment ago") from None
        if state == UNIQUE_VIOLATION:
            raise Refused("somebody gave this role to this person a moment ago") from None
        raise


def _check_days(wanted: Membership) -> None:
    today = timezone.localdate()
    if wanted.starts_on < today:
        raise Refused(f"a role begins today or later, never in the past; found {wanted.starts_on:%d %B %Y}")
    if wanted.ends_on is not None and wanted.ends_on < wanted.starts_on:
        raise Refused(f"a role ends on {wanted.starts_on:%d %B %Y} or later; found {wanted.ends_on:%d %B %Y}")


def _check_together(wanted: Membership) -> None:
    meanwhile = _held_meanwhile(wanted.user_id, wanted.starts_on, wanted.ends_on)
    label = Role(wanted.role).label.lower()
    if any(held.role == wanted.role and held.site_id in {None, wanted.site_id} for held in meanwhile):
        raise Refused(f"this person is {label} there already in that time")
    found = refused_with(wanted.role, {held.role for held in meanwhile})
    if found is not None:
        other, reason = found
        raise Refused(f"who is {Role(other).label.lower()} cannot be {label} in the same time: {reason}")


def _held_meanwhile(user_pk: UUID, first: date, last: date | None) -> list[Membership]:
    overlapping = Q(ends_on=None) | Q(ends_on__gte=first)
    if last is not None:
        overlapping &= Q(starts_on__lte=last)
    return list(Membership.objects.filter(overlapping, user=user_pk))
