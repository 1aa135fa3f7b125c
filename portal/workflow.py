"""The state engine: every state of the product changes here, by a row of its table, and nowhere else.

`move` looks the row up, asks the policy, updates only if nobody was faster, and leaves the trace in the open act.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from portal.audit.context import open_act, suggest_subject
from portal.core.errors import StaleState, WrongState
from portal.roles.actors import Actor
from portal.roles.policy import require


@dataclass(frozen=True)
class Move:
    """One row of a state table: where it leads and which line of the permission table it needs."""

    to: str
    action: str


Table = Mapping[tuple[str, str], Move]


def move(
    thing: models.Model, verb: str, *, table: Table, actor: Actor, site_pk: int | None = None, **changes: Any
) -> None:
    """Move `thing` by `verb` and set `changes` with it, in one conditional update.

    Raises WrongState if the table has no such row, NotAllowed if the policy refuses, StaleState if the row in
    the database is no longer in the state that `thing` was read in.
    """
    was = str(thing.state)  # type: ignore[attr-defined]
    row = table.get((was, verb))
    if row is None:
        raise WrongState(f"'{verb}' cannot happen while '{was}'; possible now: {_possible(table, was)}")
    require(actor, row.action, site_pk)
    open_act()
    manager = type(thing)._default_manager
    if manager.filter(pk=thing.pk, state=was).update(state=row.to, **changes) != 1:
        raise StaleState(f"'{verb}' cannot happen: the {thing._meta.verbose_name} is no longer '{was}'; load it again")
    thing.state = row.to  # type: ignore[attr-defined]
    for name, value in changes.items():
        setattr(thing, name, value)
    suggest_subject(thing, site_pk)


def list_verbs(thing: models.Model, table: Table) -> list[str]:
    """Return what can happen to `thing` next, in the order of its table."""
    return [verb for (state, verb) in table if state == thing.state]  # type: ignore[attr-defined]


def require_verb(thing: models.Model, verb: str, table: Table) -> None:
    """Raise WrongState unless this can happen to `thing` now: asked before a page offers a form for it."""
    state = str(thing.state)  # type: ignore[attr-defined]
    if (state, verb) not in table:
        raise WrongState(f"'{verb}' cannot happen while '{state}'; possible now: {_possible(table, state)}")


def _possible(table: Table, state: str) -> str:
    return ", ".join(f"'{verb}'" for (was, verb) in table if was == state) or "nothing"
