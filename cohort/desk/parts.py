"""What the desk's pages show of participants and studies, put together from the parts of the cohort."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from cohort.consent.access import Standing, enrolled_on, standing_of
from cohort.consent.purposes import WORDS
from cohort.consent.rules import decide_each
from cohort.enrolment.opening import APPROVAL, CONSENT_FORM, SHARES, SITE, list_conditions
from cohort.participants.models import Participant
from cohort.study.models import Study
from frontend.parts import Cell, Column, Row, Table
from portal.core.dates import write_day, write_day_short
from portal.core.forms import sentence
from portal.roles.actors import Actor
from portal.roles.policy import may


@dataclass(frozen=True)
class Task:
    """One line of the checklist before enrolment can open; without a url it is another role's to do."""

    words: str
    is_done: bool
    url: str = ""


_DONE_AT: dict[str, tuple[str, str]] = {
    SITE: ("site-join", "study.set_up"),
    APPROVAL: ("approval-add", "study.add_approval"),
    CONSENT_FORM: ("consent-form-add", "study.add_approval"),
    SHARES: ("study-draw", "study.view"),
}
"""Condition of the opening → the page where it is met, and the line of the permission table that page wants."""


def make_checklist(actor: Actor, study: Study) -> list[Task]:
    """Return the conditions of the opening, each with where the actor can meet it."""
    tasks = []
    for one in list_conditions(study):
        page, action = _DONE_AT[one.key]
        url = reverse(page, args=[study.code]) if may(actor, action) and not one.is_met else ""
        tasks.append(Task(sentence(one.met if one.is_met else one.missing), one.is_met, url))
    return tasks


def make_participants_table(participants: Iterable[Participant], *, with_study: bool, with_site: bool) -> Table:
    """Return participants with how they stand; simulated ones say so in their own line.

    with_study, with_site: whether these differ between the lines and so deserve a column.
    """
    rows: list[Row] = []
    for one in participants:
        mark = "SIMULATED" if one.origin == "simulated" else ""
        row: list[Cell | str | int] = [
            Cell(one.code, url=reverse("participant", args=[one.code]), is_code=True, note=mark)
        ]
        row += [one.study.title] if with_study else []
        row += [one.site.name] if with_site else []
        since = write_day_short(enrolled_on(one))
        rows.append([*row, one.get_sex_display(), one.birth_year, since, make_standing(standing_of(one))])
    columns: list[Column | str] = ["Code"]
    columns += ["Study"] if with_study else []
    columns += ["Site"] if with_site else []
    columns += ["Sex", Column("Born", is_number=True), "Enrolled", "Stands"]
    return Table("Participants", columns, rows, empty="Nobody here fits.")


def make_standing(standing: Standing) -> Cell:
    """Return how a participant stands, as a chip."""
    if standing.furthest is not None:
        return Cell("withdrawn", state="withdrawn", note=standing.furthest.label.lower())
    if standing.is_reconsent_due:
        return Cell("to be asked again", state="due")
    return Cell("taking part", state="active")


def make_purposes_table(participant: Participant, day: date) -> Table:
    """Return for every purpose whether it is allowed on a day, and why."""
    rows: list[Row] = []
    for purpose, decision in decide_each(participant, day).items():
        answer = Cell("yes", state="agree") if decision.allowed else Cell("no", state="refused")
        rows.append([WORDS[purpose], answer, sentence(decision.reason)])
    return Table("What may be done today", ["Use", "Allowed", "Because"], rows, note=write_day(day))
