"""Acts, events and reads, ready to be shown."""

from collections.abc import Iterable
from uuid import UUID

from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from frontend.parts import Cell, Column, Step, Table
from portal.audit.access import Event, name_actors
from portal.audit.models import Act, Read
from portal.audit.words import OPERATIONS, say_action, say_read
from portal.core.dates import write_instant

DASH = "\N{EN DASH}"


def make_acts_table(acts: Iterable[Act]) -> Table:
    """Return acts with who did what, on what, when and why."""
    found = list(acts)
    names = name_actors(one.actor for one in found)
    rows = [
        [
            Cell(write_instant(timezone.localtime(one.at)), url=reverse("act", args=[one.pk])),
            names[one.actor],
            say_action(one.action),
            Cell(_subject(one, names), is_code=not one.subject.startswith("user:")),
            one.why,
        ]
        for one in found
    ]
    columns = ["When", "Who", "What", "On what", "Why"]
    return Table("What was done", columns, rows, note="newest first", empty="Nothing was done that fits.")


def make_reads_table(reads: Iterable[Read]) -> Table:
    """Return who looked at closed things: one row per person, thing and quarter of an hour."""
    found = list(reads)
    names = name_actors(one.actor for one in found)
    rows = [
        [
            write_instant(timezone.localtime(one.quarter_at)),
            names[one.actor],
            say_read(one.what),
            Cell(one.subject, is_code=True),
            one.n_reads,
        ]
        for one in found
    ]
    columns = ["Quarter of an hour from", "Who", "Looked at", "Of", Column("Times", is_number=True)]
    return Table("Who looked at closed things", columns, rows, empty="Nobody looked at anything closed.")


def make_event_tables(events: Iterable[Event]) -> list[Table]:
    """Return one table for each row that an act touched, with its values before and after."""
    found = list(events)
    keys = {value for one in found for values in (one.before, one.after) for value in (values or {}).values()}
    names = name_actors(f"user:{value}" for value in keys if _is_uuid(value))
    return [_make_event_table(one, names) for one in found]


def make_history(acts: Iterable[Act]) -> list[Step]:
    """Return the acts on one thing as steps of a timeline."""
    found = list(acts)
    names = name_actors(one.actor for one in found)
    return [
        Step(
            say_action(one.action).capitalize(),
            when=write_instant(timezone.localtime(one.at)),
            who=names[one.actor],
            note=one.why,
        )
        for one in found
    ]


def _make_event_table(event: Event, names: dict[str, str]) -> Table:
    caption = f"{_name_table(event.table)}: {OPERATIONS.get(event.operation, 'erased')}"
    before, after = event.before or {}, event.after or {}
    rows = [
        [name.replace("_", " "), _write(before.get(name), names), _write(after.get(name), names)]
        for name in {**before, **after}
        if event.operation != "UPDATE" or before.get(name) != after.get(name)
    ]
    empty = "The values were erased at the participant's wish; the proof that they were there stays."
    return Table(
        caption, ["Value", "Before", "After"], rows, note=event.row_key, empty=empty if event.is_erased else "No value."
    )


def _name_table(table: str) -> str:
    model = next((one for one in apps.get_models() if one._meta.db_table == table), None)
    return str(model._meta.verbose_name).capitalize() if model else table


def _write(value: object, names: dict[str, str]) -> str:
    if value is None or value == "":
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or DASH
    # A key of a member of staff is shown as the name; any other key stays what it is.
    label = f"user:{value}"
    return names.get(label, str(value)) if names.get(label) != label else str(value)


def _subject(act: Act, names: dict[str, str]) -> str:
    return names.get(act.subject, act.subject) or DASH


def _is_uuid(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return isinstance(value, str)
