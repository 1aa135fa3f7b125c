"""Acts, events and reads, ready to be shown."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone

from frontend.parts import Cell, Column, Row, Step, Table
from portal.audit.access import Event, name_actors
from portal.audit.models import Act, Read
from portal.audit.values import describe_values, name_table
from portal.audit.words import OPERATIONS, say_action, say_read
from portal.core.dates import write_instant, write_instant_short

DASH = "\N{EN DASH}"


def make_acts_table(acts: Iterable[Act]) -> Table:
    """Return acts with who did what, on what, when and why."""
    found = list(acts)
    names = name_actors(one.actor for one in found)
    rows: list[Row] = [
        [
            Cell(write_instant_short(timezone.localtime(one.at)), url=reverse("act", args=[one.pk])),
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
    rows: list[Row] = [
        [
            write_instant_short(timezone.localtime(one.quarter_at)),
            names[one.actor],
            say_read(one.what),
            Cell(one.subject, is_code=True),
            one.n_reads,
        ]
        for one in found
    ]
    columns: list[Column | str] = ["Quarter of an hour from", "Who", "Looked at", "Of", Column("Times", is_number=True)]
    return Table("Who looked at closed things", columns, rows, empty="Nobody looked at anything closed.")


def make_event_tables(events: Iterable[Event]) -> list[Table]:
    """Return one table for each row that an act touched, with its values before and after."""
    return [_make_event_table(event) for event in events]


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


def _make_event_table(event: Event) -> Table:
    caption = f"{name_table(event.table)}: {OPERATIONS.get(event.operation, 'erased')}"
    rows: list[Row] = [list(one) for one in describe_values(event)]
    empty = "The values were erased at the participant's wish; the proof that they were there stays."
    columns = ["Value", "Before", "After"]
    return Table(caption, columns, rows, note=event.row_key, empty=empty if event.is_erased else "No value.")


def _subject(act: Act, names: dict[str, str]) -> str:
    return names.get(act.subject, act.subject) or DASH
