"""What the tests of accounts need beside the cast: signed-in browsers, authenticator apps, links."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.services import Link, invite_person
from portal.audit.context import act
from portal.audit.models import Act
from portal.roles.actors import Actor
from portal.roles.middleware import actor_of
from portal.roles.models import Role
from tests.cast import PASSWORD, let_in


def browser_of(user: User, *, fresh: bool = True) -> Client:
    """Return a browser in which somebody is signed in; `fresh`: they proved a moment ago who they are."""
    client = let_in(Client(), user)
    if fresh:
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client


def give_factor(user: User) -> str:
    """Set up an authenticator app for somebody; return its key."""
    key = totp.generate_totp_secret()
    with act(actor_of(user), "account.page"):
        totp.TOTP.activate(user, key)
        RecoveryCodes.activate(user)
    return key


def code_of(key: str, steps: int = 0) -> str:
    """Return what an app with this key shows now, or some half minutes later or earlier (RFC 6238)."""
    counter = int(time.time()) // 30 + steps
    return totp.format_hotp_value(totp.hotp_value(key, counter))


def type_password(client: Client, email: str, password: str = PASSWORD, **more: str) -> HttpResponse:
    """Send the sign-in page's form."""
    return client.post(reverse("account_login"), {"login": email, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    """True if the browser holds a signed-in session."""
    return "_auth_user_id" in client.session


def invite(actor: Actor, email: str = "ines@example.org", role: str = Role.NURSE, **more: object) -> Link:
    """Invite Ines, who is new."""
    return invite_person(actor=actor, email=email, name="Ines Invited", role=role, **more)


@contextmanager
def leaves_one(action: str) -> Iterator[None]:
    """Hold that what happens inside leaves exactly one act of this kind."""
    before = Act.objects.filter(action=action).count()
    yield
    assert Act.objects.filter(action=action).count() == before + 1


def without_tokens(page: HttpResponse, *words: str) -> str:
    """Return a page without what differs each time: form tokens, links, and the words named."""
    text = page.content.decode()
    for pattern in (r"(?<=csrfmiddlewaretoken)[^>]*", r"(?<=X-CSRFToken)[^}]*", r"/join/[\w-]+/"):
        text = re.sub(pattern, "", text)
    for word in words:
        text = text.replace(word, "")
    return text
