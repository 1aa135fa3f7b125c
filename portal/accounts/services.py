"""Writes about people: invite, join, give and end roles, close and open accounts. Everything by links on paper."""

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from portal.accounts.access import hash_token, is_anybody_there, list_administrators
from portal.accounts.granting import check_grant, save_membership
from portal.accounts.models import Invitation, Purpose, User
from portal.audit.context import name_subject, service
from portal.core.errors import NotAllowed, Refused, StaleState, WrongState
from portal.roles.actors import Actor
from portal.roles.models import Membership, Role
from portal.roles.policy import require
from portal.sites.models import Site


@dataclass(frozen=True)
class Link:
    """A link that was made just now. Its token is here and then on the paper, and nowhere else."""

    invitation: Invitation
    token: str = field(repr=False)


@service("person.invite")
def invite_person(*, actor: Actor, email: str, name: str, role: str, site: Site | None = None) -> Link:
    """Add a person with a first role, and make the link by which they come in."""
    require(actor, "person.invite", site.pk if site else None)
    user = _add_user(email, name, None, actor)
    name_subject(user.key, site.pk if site else None)
    grant_role(actor=actor, user=user, role=role, site=site)
    return _make_link(user, Purpose.JOIN, actor)


@service("account.join")
def join(*, actor: Actor, invitation: Invitation, password: str) -> User:
    """Use a link: its holder chooses a password. Two who try at once cannot both have it."""
    if actor.user_pk != invitation.user_id:
        raise NotAllowed("a link is used by the person it was made for")
    now = timezone.now()
    if Invitation.objects.open_at(now).filter(pk=invitation.pk).update(used_at=now) != 1:
        raise StaleState("this link has been used or has ended since the page was opened")
    user = invitation.user
    user.set_password(password)
    user.save(update_fields=["password"])
    name_subject(user.key)
    return user


@service("house.set_up")
def set_up_first_person(*, actor: Actor, email: str, name: str, password: str) -> User:
    """Add the first person, as administrator. Of two who try at once one wins; later nobody can."""
    require(actor, "person.invite")
    _wait_for_turn("accounts.first")
    if is_anybody_there():
        raise WrongState("the first person is there already: sign in, or ask them for an invitation")
    user = _add_user(email, name, password, actor)
    name_subject(user.key)
    Membership.objects.create(user=user, role=Role.ADMIN, site=None, starts_on=timezone.localdate())
    return user


@service("role.grant")
def grant_role(
    *,
    actor: Actor,
    user: User,
    role: str,
    site: Site | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Membership:
    """Give somebody a role at one site (or at every site) between two days. Nobody gives one to themselves."""
    first_day = starts_on or timezone.localdate()
    wanted = Membership(user=user, role=role, site=site, starts_on=first_day, ends_on=ends_on)
    check_grant(actor, wanted)
    save_membership(wanted)
    name_subject(user.key, site.pk if site else None)
    return wanted


@service("role.end")
def end_role(*, actor: Actor, membership: Membership, ends_on: date, why: str) -> None:
    """End a role; `ends_on` is its last day. Yesterday ends it now, unless it began today."""
    require(actor, "role.end", membership.site_id)
    if actor.user_pk == membership.user_id:
        raise NotAllowed("nobody ends their own role: ask somebody else who may")
    check_grant(actor, membership, ending=True)
    today, now_ends = timezone.localdate(), membership.ends_on
    if now_ends is not None and now_ends < today:
        raise WrongState(f"this role ended on {now_ends:%d %B %Y} already")
    earliest = max(membership.starts_on, today - timedelta(days=1))
    if ends_on < earliest or (now_ends is not None and ends_on > now_ends):
        latest = f" and {now_ends:%d %B %Y}" if now_ends else " or later"
        raise Refused(f"the last day must be {earliest:%d %B %Y}{latest}; found {ends_on:%d %B %Y}")
    if membership.role == Role.ADMIN:
        _keep_an_administrator(membership.user, ends_on + timedelta(days=1), "ending this role")
    same = Membership.objects.filter(pk=membership.pk, ends_on=now_ends)
    if same.update(ends_on=ends_on) != 1:
        raise StaleState("somebody else has changed this role since; load the page again")
    name_subject(membership.user.key, membership.site_id)


@service("person.reset_factor")
def reset_factor(*, actor: Actor, user: User, why: str) -> Link:
    """Take password and second factor away and make a new link; every open session ends at once."""
    require(actor, "person.reset_factor")
    _refuse_self(actor, user, "resets their own sign-in; 'My account' changes password and second factor")
    if not user.is_active:
        raise WrongState("this account is closed; open it again instead")
    name_subject(user.key)
    has_joined = user.invitations.filter(used_at__isnull=False).exists() or user.has_usable_password()
    _take_keys(user)
    return _make_link(user, Purpose.RESET if has_joined else Purpose.JOIN, actor)


@service("person.close")
def close_account(*, actor: Actor, user: User, why: str) -> None:
    """Close an account: sessions end at once (ASVS 5.0, 7.4.2), and so do its roles and the links it made."""
    require(actor, "person.close")
    _refuse_self(actor, user, "closes their own account: ask another administrator")
    today = timezone.localdate()
    _keep_an_administrator(user, today, "closing this account")
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False) != 1:
        raise WrongState("this account is closed already")
    name_subject(user.key)
    user.is_active = False
    _take_keys(user)
    Invitation.objects.filter(Q(user=user) | Q(created_by=user), used_at=None, ended_at=None).update(
        ended_at=timezone.now()
    )
    lasting = Q(ends_on=None) | Q(ends_on__gt=today)
    Membership.objects.filter(lasting, user=user, starts_on__lte=today).update(ends_on=today)
    # What has not begun ends on its first day: a closed account can use neither.
    for future in Membership.objects.filter(lasting, user=user, starts_on__gt=today):
        Membership.objects.filter(pk=future.pk).update(ends_on=future.starts_on)


@service("person.close")
def reopen_account(*, actor: Actor, user: User, why: str) -> Link:
    """Open a closed account again, without any role and by a new link: nothing that opened it before still does."""
    require(actor, "person.close")
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True) != 1:
        raise WrongState("this account is open already")
    name_subject(user.key)
    user.is_active = True
    _take_keys(user)
    return _make_link(user, Purpose.RESET, actor)


def _add_user(email: str, name: str, password: str | None, actor: Actor) -> User:
    address, words = email.strip().lower(), name.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("this is not an e-mail address; wanted one such as name@example.org") from None
    if not words:
        raise Refused("a person needs a name")
    try:
        with transaction.atomic():
            return User.objects.create_user(address, password, name=words, created_by_id=actor.user_pk)
    except IntegrityError:
        raise Refused("somebody has this e-mail address already: find them among the people") from None


def _make_link(user: User, purpose: Purpose, actor: Actor) -> Link:
    now: datetime = timezone.now()
    Invitation.objects.filter(user=user, used_at=None, ended_at=None).update(ended_at=now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        user=user,
        purpose=purpose,
        token_hash=hash_token(token),
        created_by_id=actor.user_pk,
        created_at=now,
        expires_at=now + timedelta(days=settings.INVITATION_DAYS),
    )
    return Link(invitation, token)


def _take_keys(user: User) -> None:
    """Take password and factors away. A session holds a digest of the password, so all sessions end with it."""
    Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.save(update_fields=["password"])


def _refuse_self(actor: Actor, user: User, words: str) -> None:
    if actor.user_pk == user.pk:
        raise NotAllowed(f"nobody {words}")


def _keep_an_administrator(user: User, day: date, words: str) -> None:
    _wait_for_turn("accounts.administrators")
    administrators = set(list_administrators(day).values_list("pk", flat=True))
    if administrators == {user.pk}:
        raise Refused(f"{words} would leave no administrator; give the role to somebody else first")


def _wait_for_turn(name: str) -> None:
    """Let only one transaction at a time pass here, until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
