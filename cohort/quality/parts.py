"""What the pages show of queries."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone

from cohort.quality.models import Message, Query
from cohort.study.dictionary import load_dictionary
from cohort.study.schedule import BY_CODE
from frontend.parts import Cell, Row, Step, Table
from portal.core.dates import write_day_short


def name_question(query: Query) -> str:
    """Return what a query asks about, in the words of the dictionary."""
    form = load_dictionary().form(query.form)
    row = f", row {query.number}" if form.is_repeating else ""
    labels = {one.variable: one.label for one in form.fields}
    return f"{form.title}{row}" + (f": {labels[query.variable]}" if query.variable else "")


def make_queries_table(queries: Iterable[Query]) -> Table:
    """Return queries with their state; what is said in them stands on their own page."""
    rows: list[Row] = [
        [
            Cell(
                name_question(one),
                url=reverse("query", args=[one.pk]),
                note="SIMULATED" if one.participant.origin == "simulated" else "",
            ),
            Cell(one.participant.code, url=reverse("participant", args=[one.participant.code]), is_code=True),
            BY_CODE[one.visit.code].title,
            one.raised_by.name,
            write_day_short(timezone.localdate(one.raised_at)),
            Cell(one.get_state_display(), state=one.state),
        ]
        for one in queries
    ]
    columns = ("About", "Participant", "Visit", "Raised by", "On", "State")
    return Table("Queries", columns, rows, empty="No query here.")


def make_steps(messages: Iterable[Message]) -> list[Step]:
    """Return what was said, in its order."""
    return [
        Step(
            what=one.get_kind_display(),
            when=write_day_short(timezone.localdate(one.said_at)),
            who=one.said_by.name,
            note=one.text,
        )
        for one in messages
    ]
