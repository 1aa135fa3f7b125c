"""Invented values for the page of patterns. They belong to nobody and are read from nowhere."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.urls import reverse

from frontend.parts import Cell, Chart, Column, Confirmation, Link, Progress, Step, Table, Waiting
from frontend.states import TONES

N_STEPS = 3
SEALED = "The labels of test participants stay closed until two custodians open them together."


class MeasuresForm(forms.Form):
    """A form with one field of every kind."""

    measured_on = forms.CharField(label="Date of measurement", help_text="Day, month, year: 15/6/2026")
    height = forms.DecimalField(label="Standing height", min_value=100, max_value=220, decimal_places=1, max_digits=4)
    side = forms.ChoiceField(label="Side scanned", choices=[("L", "Left"), ("R", "Right")], widget=forms.RadioSelect)
    device = forms.ChoiceField(
        label="Device", choices=[("", "Choose a device"), ("1", "pQCT, Exeter"), ("2", "HR-pQCT, Plymouth")]
    )
    why_not = forms.MultipleChoiceField(
        label="What was not measured",
        choices=[("grip", "Grip strength"), ("chair", "Chair rise"), ("gait", "Gait speed")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    remarks = forms.CharField(
        label="Remarks", widget=forms.Textarea, required=False, help_text="No names: this text is seen by everybody."
    )
    family_name = forms.CharField(
        label="Family name",
        required=False,
        widget=forms.TextInput(attrs={"data-sensitive": "", "autocomplete": "off"}),
        help_text="Never kept in this browser.",
    )
    checked = forms.BooleanField(label="I have checked the code on the wristband")


def make_progress(step: int) -> Progress:
    """Return the example job at a step; after the last it is finished and asks no more."""
    step = min(step, N_STEPS)
    finished = step == N_STEPS
    return Progress(
        label="Measure the volumes of 3 participants",
        state="finished" if finished else "running",
        step=step,
        total=N_STEPS,
        sentence="all measured." if finished else f"volume {step + 1}",
        poll_url="" if finished else f"{reverse('patterns-progress')}?step={step + 1}",
        finished=finished,
        dom_id="example-progress",
    )


def make_context() -> dict[str, Any]:
    """Return one example for every partial."""
    return {
        "crumbs": [Link("Home", reverse("home")), Link("Patterns", current=True)],
        "form": MeasuresForm(),
        "tones": TONES,
        "states": _STATES,
        "sealed_because": SEALED,
        "waiting": _WAITING,
        "people": _PEOPLE,
        "no_people": Table("Readings of this week", ["Code", "Reader"], [], empty="Nobody has read anything yet."),
        "steps": _STEPS,
        "progress": make_progress(0),
        "failed": _FAILED,
        "confirm": _CONFIRM,
        "chart": _CHART,
        "page": Paginator(range(1, 101), 20).get_page(2),
    }


_STATES = {
    "plain": ["draft", "queued"],
    "busy": ["enrolling", "running"],
    "good": ["final", "enrolled"],
    "warn": ["disagree", "stale"],
    "bad": ["withdrawn", "failed"],
    "shut": ["sealed", "locked"],
    "ended": ["archived", "superseded"],
}

_WAITING = [
    Waiting(1, "fracture report is older than 14 days and has no source document", "#waiting", "now"),
    Waiting(3, "visits are due within 14 days and not booked", "#waiting", "soon"),
    Waiting(12, "forms have answers missing without a reason", "#waiting"),
]


def _row(code: str, site: str, age: int, density: str, state: str) -> list[Cell | str | int]:
    return [Cell(code, "#table", is_code=True), site, age, density, Cell(state=state), Cell(sealed=SEALED)]


_PEOPLE = Table(
    caption="Participants",
    note="4 of 100 wanted",
    columns=[
        "Code",
        "Site",
        Column("Age", "y", is_number=True),
        Column("Forearm density, 33 %", "g/cm2", is_number=True),
        "State",
        "Part",
    ],
    rows=[
        _row("EXB-0001-7", "Exeter", 66, "0.612", "enrolled"),
        _row("EXB-0002-4", "Exeter", 71, "0.548", "enrolled"),
        _row("PLY-0001-9", "Plymouth", 58, "0.671", "screened"),
        _row("PLY-0002-6", "Plymouth", 80, "\N{EN DASH}", "withdrawn"),
    ],
)

_STEPS = [
    Step("Consent signed", "done", "3 March 2026", "Nora Nurse", "Information sheet 1.0"),
    Step("Enrolled", "done", "3 March 2026", "Nora Nurse"),
    Step("Baseline imaging", "now", "due by 17 March 2026"),
    Step("Follow-up call", "later", "March 2027"),
]

_FAILED = Progress(
    label="Read the upload of Tuesday",
    state="failed",
    step=2,
    total=6,
    sentence="read the header.",
    finished=True,
    failure="The file ends after 4 of 110 slices. Export it again at the scanner and send it once more.",
    dom_id="example-failed",
)

_CONFIRM = Confirmation(
    title="Withdraw all consent of EXB-0002-4",
    consequences=[
        "Nobody contacts this participant again.",
        "Images, answers and measurements are erased; what stays is the proof that they were erased.",
        "Models trained with them say so on their card.",
    ],
    act="Withdraw and erase",
    cancel_url="#confirm",
    retype="EXB-0002-4",
)

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
_ENROLLED = [4, 9, 17, 22, 29, 37]
_TARGET = [5.6, 11.1, 16.7, 22.2, 27.8, 33.3]

_CHART = Chart(
    dom_id="enrolment",
    sentence="Enrolment: 37 participants by June, 4 more than the plan of 100 in 18 months.",
    figure={
        "data": [
            {"type": "scatter", "mode": "lines+markers", "name": "enrolled", "x": _MONTHS, "y": _ENROLLED},
            {"type": "scatter", "mode": "lines", "name": "plan", "x": _MONTHS, "y": _TARGET, "line": {"dash": "dot"}},
        ],
        "layout": {"yaxis": {"title": {"text": "participants"}, "rangemode": "tozero"}},
    },
    table=Table(
        "Enrolment by month",
        ["Month", Column("Enrolled", is_number=True), Column("Plan", is_number=True)],
        list(zip(_MONTHS, _ENROLLED, _TARGET, strict=True)),
    ),
)
