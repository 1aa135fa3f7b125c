"""What the pages show of snapshots. Every count by outcome is over training participants alone."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils import timezone

from cohort.datasets.columns import Column as SnapshotColumn
from cohort.datasets.columns import LeftOut
from cohort.datasets.models import Snapshot
from cohort.datasets.telling import round_flow, tell_count
from cohort.datasets.usability import is_usable
from frontend.parts import Cell, Chart, Column, Progress, Row, Table
from modelling.engine.training.admissible import Use, list_rulings
from portal.core.dates import write_instant_short
from portal.core.forms import sentence
from portal.jobs import shown
from portal.jobs.states import State
from portal.roles.actors import Actor

TONE_OF_USE = {Use.INPUT: "agree", Use.LABEL: "sealed", Use.FORBIDDEN: "refused"}


def make_snapshots_table(snapshots: Iterable[Snapshot]) -> Table:
    """Return snapshots with their state, task and size; simulated ones say so in their own line."""
    rows: list[Row] = [
        [
            Cell(short(one), url=reverse("snapshot", args=[one.pk]), is_code=True, note=mark_of(one)),
            one.study.title,
            one.task,
            state_of(one),
            "" if one.n is None else tell_count(one.n),
            "" if one.n_events is None else tell_count(one.n_events),
            str(one.made_by or "the portal"),
            write_instant_short(timezone.localtime(one.asked_at)),
        ]
        for one in snapshots
    ]
    columns: list[Column | str] = ["Snapshot", "Study", "Task", "State"]
    columns += [Column("People", is_number=True), Column("With the event", is_number=True), "Asked by", "Asked"]
    return Table("Snapshots", columns, rows, note="training participants alone", empty="No snapshot yet.")


def short(snapshot: Snapshot) -> str:
    """Return the first characters of a snapshot's key, as people name it."""
    return str(snapshot.pk)[:8]


def mark_of(snapshot: Snapshot) -> str:
    """Return the mark of simulated people, or nothing."""
    return "SIMULATED" if snapshot.origin == "simulated" else ""


def state_of(snapshot: Snapshot) -> Cell:
    """Return a snapshot's state as a chip: its job's, until it is built."""
    if snapshot.is_built:
        against = is_usable(snapshot).reason_against
        return Cell("not for new models", state="stale", note=against) if against else Cell("built", state="done")
    if snapshot.job is None:
        return Cell("waiting", state="waiting")
    return Cell(State(snapshot.job.state).label, state=snapshot.job.state)


def make_progress(snapshot: Snapshot, actor: Actor) -> Progress | None:
    """Return how far its job is, None once it is built."""
    return None if snapshot.is_built or snapshot.job is None else shown.progress_of(snapshot.job, actor)


def make_flow_chart(snapshot: Snapshot) -> Chart:
    """Return how many were left at each step, as bars and as a table."""
    steps = round_flow(snapshot.flow)
    words = [sentence(str(step["step"])).rstrip(".") for step in steps]
    figure = {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": words[::-1],
                "x": [step["n"] for step in steps][::-1],
                "text": [str(step["n"]) for step in steps][::-1],
                "textposition": "auto",
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "people left"}, "rangemode": "tozero"},
            "yaxis": {"automargin": True, "type": "category"},
            "margin": {"l": 180},
        },
    }
    rows: list[Row] = [[name, step["n"]] for name, step in zip(words, steps, strict=True)]
    table = Table("Who is left", ["Step", Column("Left", is_number=True)], rows)
    caption = f"{sentence(tell_count(snapshot.n or 0)).rstrip('.')} of {steps[0]['n']} people are in it."
    return Chart("flow", caption, figure, table)


def make_reasons_table(snapshot: Snapshot) -> Table:
    """Return for each step how many it left out, by reason."""
    rows: list[Row] = [
        [sentence(str(step["step"])).rstrip("."), sentence(str(one["reason"])), one["n"]]
        for step in round_flow(snapshot.flow)
        for one in step["left_out"]
    ]
    heads: list[Column | str] = ["Step", "Because", Column("Left out", is_number=True)]
    return Table("Who was left out", heads, rows, empty="Nobody was left out.")


def make_columns_table(columns: Iterable[SnapshotColumn]) -> Table:
    """Return the columns with what they are."""
    rows: list[Row] = [
        [Cell(one.name, is_code=True), one.label, one.kind, one.unit or ", ".join(one.codes), one.group]
        for one in columns
    ]
    heads: list[Column | str] = ["Column", "Means", "Kind", "Unit or codes", "From"]
    return Table("Columns", heads, rows, empty="No column: images alone.")


def make_left_out_table(left_out: Iterable[LeftOut]) -> Table:
    """Return what is not in it, with the reasons."""
    rows: list[Row] = [[Cell(one.name, is_code=True), sentence(one.reason)] for one in left_out]
    return Table("Left out", ["Variable", "Because"], rows, empty="Nothing was left out.")


def make_files_table(manifest: dict[str, Any]) -> Table:
    """Return the tables with their hashes; images are counted, and their sizes tell as much as a count would."""
    files = [one for one in manifest["files"] if not one["path"].startswith("images/")]
    rows: list[Row] = [
        [Cell(one["path"], is_code=True), Cell(one["sha256"][:16], is_code=True, note="SHA-256 begins")]
        for one in files
    ]
    n_images = len(manifest["files"]) - len(files)
    note = f"and {tell_count(n_images)} images" if n_images else ""
    return Table("Files", ["File", "Hash"], rows, note=note)


def make_admissible_table(task: str) -> Table:
    """Return every variable of a task with what it may be used for."""
    rows: list[Row] = [
        [
            Cell(variable, is_code=True),
            group,
            Cell(str(ruling.use), state=TONE_OF_USE[ruling.use]),
            sentence(ruling.reason),
        ]
        for group, variable, ruling in list_rulings(task)
    ]
    return Table(f"What may be learned from for {task}", ["Variable", "Form or family", "Use", "Because"], rows)


def read_columns(manifest: dict[str, Any]) -> list[SnapshotColumn]:
    """Return the columns a manifest names."""
    return [
        SnapshotColumn(one["name"], one["kind"], one["unit"], tuple(one["codes"]), one["group"], one.get("label", ""))
        for one in manifest["columns"]
    ]


def read_left_out(manifest: dict[str, Any]) -> list[LeftOut]:
    """Return what a manifest says was left out."""
    return [LeftOut(one["name"], one["reason"]) for one in manifest["left_out"]]
