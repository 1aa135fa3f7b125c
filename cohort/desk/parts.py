"""What the desk's pages show of participants and studies, put together from the parts of the cohort."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import timezone

from cohort.consent.models import Level
from cohort.consent.purposes import WORDS
from cohort.consent.rules import decide_each
from cohort.enrolment.opening import APPROVAL, CONSENT_FORM, SHARES, SITE, list_conditions
from cohort.participants.models import Participant
from cohort.study.models import Study
from frontend.parts import Cell, Column, Table
from portal.core.dates import write_day
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


def make_participants_table(participants: Iterable[Participant]) -> Table:
    """Return participants with how they stand; simulated ones say so in their own line."""
    rows = [
        [
            Cell(
                one.code,
                url=reverse("participant", args=[one.code]),
                is_code=True,
                note="SIMULATED" if one.origin == "simulated" else "",
            ),
            one.study.title,
            one.site.name,
            one.get_sex_display(),
            one.birth_year,
            write_day(timezone.localdate(one.enrolled_at)),
            make_standing(one),
        ]
        for one in participants
    ]
    columns = ["Code", "Study", "Site", "Sex", Column("Born", is_number=True), "Enrolled", "Stands"]
    return Table("Participants", columns, rows, empty="Nobody here fits.")


def make_standing(participant: Participant) -> Cell:
    """Return how a participant stands, as a chip; wants the list of `with_standing`."""
    if participant.furthest_level is not None:  # type: ignore[attr-defined]
        level = Level(participant.furthest_level)  # type: ignore[attr-defined]
        return Cell("withdrawn", state="withdrawn", note=level.label.lower())
    if participant.is_reconsent_due:  # type: ignore[attr-defined]
        return Cell("to be asked again", state="due")
    return Cell("taking part", state="active")


def make_purposes_table(participant: Participant, day: date) -> Table:
    """Return for every purpose whether it is allowed on a day, and why."""
    rows = []
    for purpose, decision in decide_each(participant, day).items():
        answer = Cell("yes", state="agree") if decision.allowed else Cell("no", state="refused")
        rows.append([WORDS[purpose], answer, sentence(decision.reason)])
    return Table("What may be done today", ["Use", "Allowed", "Because"], rows, note=write_day(day))
