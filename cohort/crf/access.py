"""The only way to get filled-in forms for an actor; and answers, under their own role, for builders of data sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from cohort.crf.actions import NOT_HERE, actions_of
from cohort.crf.filling import count_done, examine, list_open
from cohort.crf.known import gather
from cohort.crf.models import OutcomeRecord, Record
from cohort.crf.states import RecordState
from cohort.crf.store import AnyRecord, blank_record, find_record, kind_of, list_records, sheet_of
from cohort.participants.access import list_visits_for
from cohort.participants.models import Participant, Visit
from cohort.participants.states import VisitState
from cohort.study.dictionary import Form, load_dictionary
from cohort.study.schedule import BY_CODE
from frontend.parts import Link
from portal.roles.actors import Actor
from portal.roles.policy import may, require

COMPLETE = (RecordState.COMPLETE, RecordState.SIGNED)


@dataclass(frozen=True)
class FormAtVisit:
    """One form of a visit, as the actor may see it, with what is filled in of it."""

    form: Form
    is_required: bool
    may_enter: bool
    records: Sequence[AnyRecord]

    @property
    def is_complete(self) -> bool:
        """True if it was begun and every row of it is complete."""
        return bool(self.records) and all(one.state in COMPLETE for one in self.records)


@dataclass(frozen=True)
class Answered:
    """One complete form, for who builds data sets. `day`: of its visit."""

    participant_pk: UUID
    form: str
    number: int
    visit_code: str
    day: date
    answers: dict[str, Any]
    missing: dict[str, str]


def may_see(actor: Actor, form: str, site_pk: int) -> bool:
    """True if the actor may look into this form at a site."""
    return form not in NOT_HERE and form in load_dictionary().forms and may(actor, actions_of(form).view, site_pk)


def list_forms_of(actor: Actor, visit: Visit) -> list[FormAtVisit]:
    """Return the forms of a visit that the actor may see, in the order of the schedule."""
    require(actor, "visit.view", visit.participant.site_id)
    kind = BY_CODE[visit.code]
    site_pk = visit.participant.site_id
    codes = [code for code in (*kind.forms, *kind.when_needed) if may_see(actor, code, site_pk)]
    records = list_records([visit.pk], codes)
    return [
        FormAtVisit(
            load_dictionary().form(code),
            code in kind.forms,
            may(actor, actions_of(code).enter, site_pk),
            [one for one in records if one.form == code],
        )
        for code in codes
    ]


def get_record_for(actor: Actor, visit: Visit, form: str, number: int = 1) -> AnyRecord:
    """Return a filled-in form, or a blank one nobody began; a form that is not theirs to see is a 404."""
    kind = BY_CODE[visit.code]
    if form not in (*kind.forms, *kind.when_needed) or not may_see(actor, form, visit.participant.site_id):
        raise Http404
    found = find_record(visit, form, number)
    if found is not None:
        return found
    if number != next_number(visit, form) and number != 1:
        raise Http404
    if number != 1 and not load_dictionary().form(form).is_repeating:
        raise Http404
    return blank_record(visit, form, number)


def next_number(visit: Visit, form: str) -> int:
    """Return the number of the next row of a repeating form."""
    numbers = kind_of(form).objects.filter(visit_id=visit.pk, form=form).values_list("number", flat=True)
    return max(numbers, default=0) + 1


def list_open_visits(actor: Actor) -> QuerySet[Visit]:
    """Return the visits of those who take part and have not withdrawn from visits."""
    return list_visits_for(actor).filter(participant__withdrawals__isnull=True)


def due_visits_for(actor: Actor, today: date | None = None) -> QuerySet[Visit]:
    """Return the planned visits whose window is open or over, the longest waiting first."""
    day = today or timezone.localdate()
    return list_open_visits(actor).filter(state=VisitState.PLANNED, due_on__lte=day).order_by("due_on", "code")


def list_half_entered(actor: Actor) -> list[Visit]:
    """Return the visits with a form that was begun and is not complete, of the forms the actor may enter."""
    visits = {one.pk: one for one in list_open_visits(actor).filter(state=VisitState.DONE)}
    codes = [code for code in load_dictionary().forms if code not in NOT_HERE and may(actor, actions_of(code).enter)]
    drafts = [one for one in list_records(visits, codes) if one.state == RecordState.DRAFT]
    return [visits[pk] for pk in dict.fromkeys(one.visit_id for one in drafts)]


def missing_for(actor: Actor, participant: Participant) -> list[Link]:
    """Return what is missing of a participant, each with the page where it is done."""
    today = timezone.localdate()
    links: list[Link] = []
    visits = list_open_visits(actor).filter(participant=participant)
    for visit in visits.filter(state__in=(VisitState.PLANNED, VisitState.DONE), due_on__lte=today):
        page = reverse("visit", args=[participant.code, visit.code])
        title = BY_CODE[visit.code].title
        if visit.state == VisitState.PLANNED:
            links.append(Link(f"{title}: {'overdue' if today > visit.closes_on else 'due'}", page))
            continue
        for one in list_forms_of(actor, visit):
            if one.is_required and not one.is_complete:
                words = "being filled in" if one.records else "not begun"
                links.append(Link(f"{title}: {one.form.title}, {words}", url_of(participant, visit, one)))
    return links


def url_of(participant: Participant, visit: Visit, one: FormAtVisit) -> str:
    """Return where a form of a visit is filled in: its first row that is not complete."""
    left = [record.number for record in one.records if record.state not in COMPLETE]
    number = left[0] if left else 1
    return reverse("record", args=[participant.code, visit.code, one.form.code, number])


def count_open(visit: Visit, record: AnyRecord) -> tuple[int, int, int]:
    """Return how many required questions are done, how many there are, and how many things are still open."""
    form = load_dictionary().form(record.form)
    setting = gather(visit, form)
    sheet = sheet_of(record)
    return (*count_done(form, sheet, setting), len(list_open(examine(form, sheet, setting))))


def latest_answers(
    participant_pks: Iterable[UUID],
    forms: Iterable[str],
    alias: str = "default",
    *,
    until: date | None = None,
    states: Sequence[str] = COMPLETE,
) -> dict[UUID, dict[str, list[Answered]]]:
    """Return each participant's answers of some forms, by form: every row of the latest visit that has one.

    alias: the database role the closed forms are read under. Its own policy decides whose rows there are: `snapshot`
    sees training participants, `labels` test participants, `clinical` everybody. until: no visit after this day.
    """
    wanted, pks = list(forms), list(participant_pks)
    visits = {one.pk: one for one in Visit.objects.filter(participant_id__in=pks, state=VisitState.DONE)}
    rows: list[AnyRecord] = []
    open_forms = [form for form in wanted if kind_of(form) is Record]
    closed_forms = [form for form in wanted if kind_of(form) is OutcomeRecord]
    if open_forms:
        rows += Record.objects.filter(participant_id__in=pks, form__in=open_forms, state__in=states)
    if closed_forms:
        rows += OutcomeRecord.objects.using(alias).filter(
            participant_id__in=pks, form__in=closed_forms, state__in=states
        )
    found: dict[UUID, dict[str, list[Answered]]] = {pk: {} for pk in pks}
    for row in rows:
        visit = visits.get(row.visit_id)
        if visit is None or visit.happened_on is None or (until and visit.happened_on > until):
            continue
        _add_latest(found[row.participant_id].setdefault(row.form, []), row, visit.code, visit.happened_on)
    for by_form in found.values():
        for answered in by_form.values():
            answered.sort(key=lambda one: one.number)
    return found


def _add_latest(kept: list[Answered], row: AnyRecord, visit_code: str, day: date) -> None:
    if kept and kept[0].day > day:
        return
    if kept and kept[0].day < day:
        kept.clear()
    kept.append(
        Answered(row.participant_id, row.form, row.number, visit_code, day, dict(row.answers), dict(row.missing))
    )
