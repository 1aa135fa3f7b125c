"""What the pages of visits and forms show."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.urls import reverse

from cohort.crf.access import FormAtVisit, count_open, url_of
from cohort.crf.branching import condition_of, find_hidden
from cohort.crf.converters import CONVERTERS
from cohort.crf.filling import GIVEN, SEALED, Finding, Setting, Sheet
from cohort.crf.states import RecordState
from cohort.crf.values import DAY_TYPES, MISSING_REASONS, say_value, write_value
from cohort.participants.models import Participant, Visit
from cohort.study.dictionary import Field, Form
from cohort.study.schedule import BY_CODE
from frontend.parts import Cell, Column, Link, Row, Table
from frontend.units import write_unit
from portal.core.dates import write_day_short

MOST_BUTTONS = 7
"""More answers than this stand in a list that opens, and not side by side."""

SECTIONS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "dem": (("The person", "dob"), ("Hands", "hand_dom"), ("Background", "educ")),
    "ant": (("Height", "ant_date"), ("Weight", "weight_kg"), ("Forearms", "forearm_l"), ("Conditions", "ant_cond")),
    "fxh": (
        ("The fracture", "fxh_any"),
        ("How it happened", "fxh_mech"),
        ("Evidence", "fxh_treated"),
        ("By rule", "fxh_fragility_rule"),
    ),
    "fal": (("Falls", "fal_12m"), ("What adds to the risk", "fal_soff")),
    "dxa": (("Region and result", "dxa_roi"), ("Scores as printed", "dxa_t"), ("How it was measured", "dxa_excl")),
}
"""Form → its sections, each with the question it begins at. Every other form is one section."""

HINTS: Final[dict[str, str]] = {
    "date": "Day, month, year: 15/6/2026",
    "pdate": "As much as is known: 15/6/1998, 6/1998 or 1998",
    "datetime": "Day and time: 15/6/2026 14:30",
    "time": "As 14:30",
}


@dataclass(frozen=True)
class Choice:
    """One answer to choose."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Item:
    """One question as the page shows it. condition: the tree of its condition as JSON, for the browser."""

    question: Field
    number: int
    kind: str
    text: str = ""
    typed: str = ""
    unit: str = ""
    hint: str = ""
    before: str = ""
    choices: Sequence[Choice] = ()
    missing: str = ""
    comment: str = ""
    error: str = ""
    warnings: Sequence[str] = ()
    is_hidden: bool = False
    condition: str = ""

    @property
    def is_more_open(self) -> bool:
        """True where the place for a reason or a comment stands open."""
        return bool(self.missing or self.comment or self.warnings)

    @property
    def mode(self) -> str:
        """The keyboard a tablet shows."""
        return "decimal" if self.question.is_number and not self.has_words else "text"

    @property
    def has_words(self) -> bool:
        """True if words may be typed for a number, as 11 st 4 lb."""
        return self.question.unit in CONVERTERS

    @property
    def described_by(self) -> str:
        """The ids of what describes the question."""
        return f"{self.question.variable}_notes {self.question.variable}_error"


@dataclass(frozen=True)
class Section:
    """Some questions under one heading."""

    title: str
    items: list[Item] = field(default_factory=list)


def make_sections(
    form: Form,
    sheet: Sheet,
    setting: Setting,
    findings: Sequence[Finding],
    *,
    refused: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
    before: dict[str, Any] | None = None,
) -> list[Section]:
    """Return the form's questions in its sections.

    refused: question → why what was typed was not taken. typed: what to show there again instead of what is kept.
    before: answers of the visit before, shown beside and never copied.
    """
    hidden = find_hidden(form, sheet.answers, setting.answers)
    begins = {first: title for title, first in SECTIONS.get(form.code, ((form.title, form.fields[0].variable),))}
    sections: list[Section] = []
    units_told: set[str] = set()
    for number, question in enumerate((one for one in form.fields if one.type != "esign"), start=1):
        if question.variable in begins or not sections:
            sections.append(Section(begins.get(question.variable, form.title)))
        name = question.variable
        value = sheet.answers.get(name, sheet.set_aside.get(name))
        sections[-1].items.append(
            Item(
                question,
                number,
                kind_of(question),
                text=_text(question, value, setting) if not typed or name not in typed else str(typed[name]),
                typed=sheet.typed.get(name, ""),
                unit=write_unit(question.unit),
                hint=_hint(question, units_told),
                before=_before(question, before),
                choices=_choices(question, value, (typed or {}).get(name)),
                missing=sheet.missing.get(name, ""),
                comment=sheet.comments.get(name, ""),
                error=(refused or {}).get(name, ""),
                warnings=[one.words for one in findings if one.variable == name and one.level != "undone"],
                is_hidden=name in hidden,
                condition=json.dumps(condition_of(question.show_if)) if question.show_if else "",
            )
        )
    return sections


def kind_of(question: Field) -> str:
    """Return how a question is asked: told, sealed, radios, list, checks, lines or line."""
    if question.variable in SEALED:
        return "sealed"
    if question.type == "calc" or question.variable in GIVEN:
        return "told"
    if question.type == "multi":
        return "checks"
    if question.type == "json":
        return "lines"
    if question.codes and question.type != "text":
        return "radios" if len(question.codes) <= MOST_BUTTONS else "list"
    return "line"


def _text(question: Field, value: Any, setting: Setting) -> str:
    if question.variable in SEALED:
        return str(setting.known.birth_year or "")
    if question.type == "calc" or question.variable in GIVEN:
        return tell(question, value)
    return "" if isinstance(value, list) else write_value(question, value)


def tell(question: Field, value: Any) -> str:
    """Return a value the form worked out, in words; a dash while it cannot be."""
    if value is None:
        return "\N{EN DASH}"
    words = say_value(question, value)
    return f"{value:g}" if isinstance(value, float) and not question.codes else words


def _choices(question: Field, value: Any, typed: Any) -> list[Choice]:
    chosen = {str(one) for one in (value if isinstance(value, list) else [value])} if typed is None else {str(typed)}
    return [
        Choice(code.value, code.label[:1].upper() + code.label[1:], code.value in chosen) for code in question.codes
    ]


def _hint(question: Field, units_told: set[str]) -> str:
    """Return how something may be typed; another unit is named once, at the first question that has it."""
    if kind_of(question) != "line":
        return ""
    parts = [HINTS.get(question.type, "")]
    if question.unit in CONVERTERS and question.is_number and question.unit not in units_told:
        units_told.add(question.unit)
        parts.append(f"In {write_unit(question.unit)}, or as {CONVERTERS[question.unit][1]}")
    return ". ".join(part for part in parts if part)


def _before(question: Field, before: dict[str, Any] | None) -> str:
    value = (before or {}).get(question.variable)
    if value is None:
        return ""
    words = tell(question, value) if question.type == "calc" else say_value(question, value)
    return f"{words} {write_unit(question.unit)}".strip()


def list_reasons(chosen: str = "") -> list[Choice]:
    """Return the reasons for having no answer."""
    return [Choice(code, words, code == chosen) for code, words in MISSING_REASONS.items()]


def make_answers(form: Form, sheet: Sheet, setting: Setting) -> Table:
    """Return a filled-in form for reading: each question asked, with its answer or why there is none."""
    hidden = find_hidden(form, sheet.answers, setting.answers)
    rows: list[Row] = []
    for question in form.fields:
        name = question.variable
        if name in hidden or question.type == "esign":
            continue
        value = sheet.answers.get(name)
        words = _text(question, value, setting) if question.type in {"calc", *DAY_TYPES} else say_value(question, value)
        words = _text(question, value, setting) if name in SEALED else words
        answer = words if value is not None or name in SEALED else MISSING_REASONS.get(sheet.missing.get(name, ""), "")
        unit = write_unit(question.unit) if value is not None else ""
        rows.append([question.label, f"{answer or chr(0x2013)} {unit}".strip(), sheet.comments.get(name, "")])
    return Table(form.title, ["Question", "Answer", "Comment"], rows)


def make_visits_table(participant: Participant, visits: Sequence[Visit], today: date) -> Table:
    """Return the visits of a participant with their days and how they stand."""
    rows: list[Row] = []
    for one in visits:
        standing = one.standing_on(today)
        note = f"outside its window: {one.note}" if one.is_outside_window else one.note
        rows.append(
            [
                Cell(BY_CODE[one.code].title, url=reverse("visit", args=[participant.code, one.code]), note=one.code),
                write_day_short(one.due_on),
                f"{write_day_short(one.opens_on)} to {write_day_short(one.closes_on)}",
                write_day_short(one.happened_on) if one.happened_on else "",
                Cell(STANDINGS[standing], state=standing, note=note),
            ]
        )
    columns: list[Column | str] = ["Visit", "Due", "Window", "Happened", "Stands"]
    return Table("Visits", columns, rows, empty="No visits are planned.")


def make_worklist(title: str, visits: Iterable[Visit], today: date, *, is_half: bool = False) -> Table:
    """Return visits of several participants, each with its day and how it stands.

    is_half: their forms were begun and not completed, whatever became of the visits.
    """
    rows: list[Row] = []
    for one in visits:
        standing = one.standing_on(today)
        stands = Cell("half entered", state="draft") if is_half else Cell(STANDINGS[standing], state=standing)
        mark = "SIMULATED" if one.origin == "simulated" else ""
        rows.append(
            [
                Cell(one.participant.code, url=reverse("visits", args=[one.participant.code]), is_code=True, note=mark),
                Cell(BY_CODE[one.code].title, url=reverse("visit", args=[one.participant.code, one.code])),
                one.participant.site.name,
                write_day_short(one.due_on),
                stands,
            ]
        )
    return Table(title, ["Code", "Visit", "Site", "Due", "Stands"], rows, empty="None: everything is done.")


STANDINGS: Final[dict[str, str]] = {
    "planned": "later",
    "open": "window is open",
    "due": "due",
    "overdue": "overdue",
    "done": "done",
    "missed": "missed",
    "cancelled": "cancelled",
}


def make_forms_table(visit: Visit, forms: Sequence[FormAtVisit], *, is_required: bool) -> Table:
    """Return the forms of a visit, each row with its state, how far it is and where it is filled in."""
    rows: list[Row] = []
    for one in forms:
        if one.is_required != is_required:
            continue
        page = url_of(visit.participant, visit, one)
        if not one.records:
            state = Cell("not begun", state="not_started")
            rows.append(
                [Cell(one.form.title, url=page), "", state, "", Cell("Begin", url=page) if one.may_enter else ""]
            )
        for record in one.records:
            rows.append(_form_row(visit, one, record, page))
    title = "Forms of this visit" if is_required else "Only when there is something to say"
    columns: list[Column | str] = ["Form", "Row", "State", Column("Answered", is_number=True), "Next"]
    return Table(title, columns, rows, empty="None.")


def _form_row(visit: Visit, one: FormAtVisit, record: Any, page: str) -> Row:
    url = reverse("record", args=[visit.participant.code, visit.code, record.form, record.number])
    done, wanted, n_open = count_open(visit, record)
    add = ""
    if one.form.is_repeating and one.may_enter and record is one.records[-1] and one.is_complete:
        add = reverse("record-add", args=[visit.participant.code, visit.code, record.form])
    following = Cell("Add another", url=add) if add else ""
    if record.state == RecordState.DRAFT and one.may_enter:
        following = Cell(f"{n_open} left" if n_open else "Complete it", url=f"{url}?check=1" if n_open else url)
    return [
        Cell(one.form.title, url=url),
        record.number if one.form.is_repeating else "",
        Cell(record.get_state_display().lower(), state=record.state),
        f"{done} of {wanted}",
        following,
    ]


def make_crumbs(visit: Visit, *further: Link) -> list[Link]:
    """Return where a page of a visit stands."""
    code = visit.participant.code
    return [
        Link("Participants", reverse("participants")),
        Link(code, reverse("participant", args=[code])),
        Link("Visits", reverse("visits", args=[code])),
        Link(BY_CODE[visit.code].title, reverse("visit", args=[code, visit.code]) if further else ""),
        *further,
    ]
