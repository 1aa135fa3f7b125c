"""The only way to people and links. Somebody of another site is not there (404)."""

import hashlib
from datetime import date
from typing import NamedTuple
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from portal.accounts.models import Invitation, User
from portal.roles.actors import Actor
from portal.roles.models import Membership, Role
from portal.roles.policy import WHO_MAY, require
from portal.sites.models import Site


class Granted(NamedTuple):
    """Who gave a role and who ended it, as the audit knows; empty where nobody did."""

    given_by: str
    ended_by: str


def list_people_for(actor: Actor) -> QuerySet[User]:
    """Return the people the actor may see, each with their memberships and whether a second factor is set up."""
    require(actor, "person.view")
    second_factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    memberships = Membership.objects.select_related("site").order_by("starts_on", "role")
    return (
        User.objects.filter(_seen_from(actor))
        .distinct()
        .annotate(second_factor=Exists(second_factor))
        .prefetch_related(Prefetch("memberships", memberships), "invitations")
    )


def get_person_for(actor: Actor, pk: UUID) -> User:
    """Return a person the actor may see."""
    return get_object_or_404(list_people_for(actor), pk=pk)


def get_membership_for(actor: Actor, pk: UUID) -> Membership:
    """Return a membership of a person the actor may see."""
    people = list_people_for(actor).values("pk")
    return get_object_or_404(Membership.objects.select_related("user", "site"), pk=pk, user__in=people)


def list_delegations_for(actor: Actor) -> QuerySet[Membership]:
    """Return every role ever given to the people the actor may see, the oldest first."""
    people = list_people_for(actor).values("pk")
    found = Membership.objects.filter(user__in=people).select_related("user", "site")
    return found.order_by("starts_on", "user__name", "role")


def list_roles_of(user: User) -> QuerySet[Membership]:
    """Return every role a person ever had, for their own page."""
    return Membership.objects.filter(user=user).select_related("site").order_by("starts_on", "role")


def list_sites_to_grant_at(actor: Actor) -> QuerySet[Site]:
    """Return the sites at which the actor may give roles."""
    sites = actor.sites_as(WHO_MAY["role.grant"])
    return Site.objects.all() if sites is None else Site.objects.filter(pk__in=sites)


def find_who_granted(memberships: list[Membership]) -> dict[UUID, Granted]:
    """Return, by membership, the names of who gave and who ended it, read from the audit's own events."""
    keys = [f"user:{one.user_id}" for one in memberships]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event.row_key, event.payload ->> 'op', act.actor FROM audit_act act "
            "JOIN audit_event event ON event.act_id = act.id "
            "WHERE act.subject = ANY(%s) AND event.source = 'roles_membership' ORDER BY event.id",
            [keys],
        )
        rows = cursor.fetchall()
    names = {user.key: user.name for user in User.objects.filter(pk__in=_pks(actor for _, _, actor in rows))}
    found: dict[UUID, Granted] = {}
    for row_key, operation, actor in rows:
        before = found.get(UUID(row_key), Granted("", ""))
        name = names.get(actor, "set-up")
        found[UUID(row_key)] = Granted(name, "") if operation == "INSERT" else before._replace(ended_by=name)
    return found


def get_open_invitation(token: str) -> Invitation:
    """Return the link with this token. Unknown, used, ended and expired are the same 404."""
    link = Invitation.objects.open_at(timezone.now()).filter(token_hash=hash_token(token), user__is_active=True)
    found = link.select_related("user").first()
    if found is None:
        raise Http404
    return found


def hash_token(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def awaits_link(user: User) -> bool:
    """True if the newest link made for a person was not used: until then no other way in is open to them.

    Otherwise whoever knows the password, or has the institution's sign-in, could set up a second factor instead.
    """
    newest = Invitation.objects.filter(user=user).order_by("-created_at").first()
    return newest is not None and newest.used_at is None


def has_second_factor(user: User) -> bool:
    """True if the person has set up an authenticator app."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def count_codes_left(user: User) -> int:
    """Return how many recovery codes a person has not used."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(found.wrap().get_unused_codes()) if found else 0


def is_anybody_there() -> bool:
    """True once the first person exists."""
    return User.objects.exists()


def list_administrators(day: date) -> QuerySet[User]:
    """Return who can sign in and is administrator on a day."""
    held = Membership.objects.on(day).filter(role=Role.ADMIN).values("user")
    return User.objects.filter(pk__in=held, is_active=True)


def _seen_from(actor: Actor) -> Q:
    sites = actor.sites_as(WHO_MAY["person.view"])
    if sites is None:
        return Q()
    return Q(pk=actor.user_pk) | Q(memberships__site__in=sites) | Q(memberships__isnull=False, memberships__site=None)


def _pks(keys: object) -> set[str]:
    return {key.removeprefix("user:") for key in keys if key.startswith("user:")}  # type: ignore[attr-defined]
