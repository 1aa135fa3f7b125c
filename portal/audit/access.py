"""Reading the audit: acts, their events in the open zone, reads of closed things, names of those who acted."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from portal.audit.models import Act, Read
from portal.audit.words import TELLING_ACTIONS, TELLING_READS
from portal.roles.actors import SYSTEM_ACTORS, Actor
from portal.roles.policy import WHO_MAY, require
from portal.sites.models import Site

Values = Mapping[str, object]
OWN_TRACE = "audit_act"
"""The table of the acts themselves: its event says nothing that the act does not say."""


@dataclass(frozen=True)
class Event:
    """One row that an act touched: before and after. Both None: its values were erased, the proof stays."""

    table: str
    row_key: str
    operation: str
    before: Values | None
    after: Values | None

    @property
    def is_erased(self) -> bool:
        """True where a withdrawal erased the values."""
        return not self.operation


def list_acts_for(actor: Actor) -> QuerySet[Act]:
    """Return the acts the actor may see, the newest first; a role at one site sees the acts of that site."""
    require(actor, "audit.view")
    sites = actor.sites_as(WHO_MAY["audit.view"])
    found = _leave_telling_out(actor, Act.objects.order_by("-at", "-pk"))
    return found if sites is None else found.filter(site_id__in=sites)


def get_act_for(actor: Actor, pk: UUID) -> Act:
    """Return one act; another site's, or one that would tell an outcome, is a 404 like any unknown one."""
    return get_object_or_404(list_acts_for(actor), pk=pk)


def list_history(actor: Actor, subject: object) -> QuerySet[Act]:
    """Return the acts on one thing, the newest first, for the page of that thing, which the actor may see."""
    return _leave_telling_out(actor, Act.objects.filter(subject=str(subject)).order_by("-at", "-pk"))


def list_reads_for(actor: Actor) -> QuerySet[Read]:
    """Return who looked at closed things, the newest first; a role at one site sees looks at that site's codes."""
    require(actor, "audit.view")
    sites = actor.sites_as(WHO_MAY["audit.view"])
    sees_outcomes_at = actor.sites_as(WHO_MAY["outcome.view"])
    found = Read.objects.order_by("-quarter_at", "-pk")
    if sees_outcomes_at is not None:
        found = found.exclude(Q(what__in=TELLING_READS) & ~_of_codes_at(sees_outcomes_at))
    return found if sites is None else found.filter(_of_codes_at(sites))


def list_events(act: Act) -> list[Event]:
    """Return the rows of the open zone that an act touched, in order. The closed zones are read by no page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event.source, event.row_key, event.payload ->> 'op', "
            "  (SELECT earlier.payload -> 'values' FROM audit_event earlier WHERE earlier.source = event.source "
            "   AND earlier.row_key = event.row_key AND earlier.id < event.id ORDER BY earlier.id DESC LIMIT 1), "
            "  event.payload -> 'values' "
            "FROM audit_event event WHERE event.act_id = %s AND event.source <> %s ORDER BY event.id",
            [act.pk, OWN_TRACE],
        )
        return [
            Event(
                table=source,
                row_key=row_key,
                operation=operation or "",
                before=None if operation == "INSERT" else _values(before),
                after=None if operation == "DELETE" else _values(after),
            )
            for source, row_key, operation, before, after in cursor.fetchall()
        ]


def name_actors(labels: Iterable[str]) -> dict[str, str]:
    """Return the name behind each label of the audit: a member of staff, or one of the system's own actors."""
    wanted = set(labels)
    pks = {label.removeprefix("user:") for label in wanted if label.startswith("user:")}
    found = get_user_model()._default_manager.filter(pk__in=pks)
    names = {f"user:{user.pk}": str(user) for user in found}
    own = {one.label: f"the portal ({one.name})" for one in SYSTEM_ACTORS}
    return {label: names.get(label) or own.get(label) or label for label in wanted}


def list_actors() -> list[tuple[str, str]]:
    """Return everybody who can have acted, as (label, name), for a list to choose from."""
    people = [(f"user:{user.pk}", str(user)) for user in get_user_model()._default_manager.all()]
    return people + [(one.label, f"the portal ({one.name})") for one in SYSTEM_ACTORS]


def _leave_telling_out(actor: Actor, found: QuerySet[Act]) -> QuerySet[Act]:
    """Leave out the acts whose number or rows would tell an outcome, for whoever may not see outcomes there."""
    sites = actor.sites_as(WHO_MAY["outcome.view"])
    if sites is None:
        return found
    return found.exclude(Q(action__in=TELLING_ACTIONS) & ~Q(site_id__in=sites))


def _of_codes_at(sites: Collection[int]) -> Q:
    own = Q(pk=None)
    for prefix in Site.objects.filter(pk__in=sites).values_list("prefix", flat=True):
        own |= Q(subject__startswith=f"{prefix}-")
    return own


def _values(found: str | None) -> Values | None:
    # Django leaves JSON of a raw statement as its text.
    values: Values | None = json.loads(found) if found else None
    return values
