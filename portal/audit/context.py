"""One door for every write: an act opens the transaction and tells the database who writes, and why.

An act sets `trabecula.act_id` for the triggers of this transaction, by one statement of its own: with server-side
parameters PostgreSQL takes one statement at a time. The act's own row is written last, when its subject is known.
A service called inside another joins the outer act, so that one thing a person did is one line of the audit.
"""

import functools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import connections, transaction
from django.utils import timezone

from portal.audit.models import Act
from portal.core.errors import OutsideAct
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY

R = TypeVar("R")

_open: ContextVar[Act | None] = ContextVar("trabecula_act", default=None)

OTHER_ACTIONS = frozenset(
    {
        "account.page",
        "account.sign_in",
        "account.join",
        "house.set_up",
        "audit.restore",
        "job.run",
        "job.sweep",
    }
)
"""Acts that no role is asked for: a person at their own account, and the system's own housekeeping."""


def open_act() -> Act:
    """Return the act that is open. Raises OutsideAct when there is none."""
    found = _open.get()
    if found is None:
        raise OutsideAct("this can only be done inside an act, so that somebody can be named for it")
    return found


@contextmanager
def act(actor: Actor, action: str, *, why: str = "") -> Iterator[Act]:
    """Open a transaction in which everything written is the actor's act, or join the act that is open.

    action: a line of the permission table, or one of OTHER_ACTIONS; any other is a slip and a KeyError.
    """
    if action not in WHO_MAY and action not in OTHER_ACTIONS:
        raise KeyError(f"'{action}' is not an action of portal.roles.policy")
    if (outer := _open.get()) is not None:
        yield outer
        return
    one = Act(action=action, actor=actor.label, why=why, at=timezone.now())
    with transaction.atomic():
        tell_database(one.pk)
        token = _open.set(one)
        try:
            yield one
            one.save(force_insert=True)
        finally:
            _open.reset(token)


@contextmanager
def joined(alias: str) -> Iterator[None]:
    """Open a transaction on another database role's connection, under the act that is open."""
    act_id = open_act().pk
    with transaction.atomic(using=alias):
        tell_database(act_id, alias)
        yield


def tell_database(act_id: uuid.UUID, alias: str = "default") -> None:
    """Name the act to the triggers, until this transaction ends."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT set_config('trabecula.act_id', %s, true)", [str(act_id)])


def name_subject(subject: object, site_pk: int | None = None) -> None:
    """Say what the open act is done to: a research code or a key, never the name of a participant.

    The last word counts: of services inside each other the outermost ends last, and it knows best.
    """
    one = open_act()
    one.subject, one.site_id = str(subject), site_pk


def suggest_subject(subject: object, site_pk: int | None = None) -> None:
    """Say what the open act is done to, unless somebody said it already."""
    if not open_act().subject:
        name_subject(subject, site_pk)


def service(action: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Make a function a service: keyword-only, a named actor, one transaction, one act.

    If the function takes `why`, it goes into the act. The function calls `require` itself, where it knows the site.
    """

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(function)
        def run(*, actor: Actor, **kwargs: Any) -> R:
            with act(actor, action, why=str(kwargs.get("why", ""))):
                return function(actor=actor, **kwargs)

        return run

    return decorate
