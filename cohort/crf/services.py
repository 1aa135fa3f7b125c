"""Writes of visits and forms: begin, miss; fill in, complete, open again, sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from cohort.consent.purposes import Purpose
from cohort.consent.rules import may_use
from cohort.crf.actions import actions_of
from cohort.crf.ages import find_age
from cohort.crf.filling import Change, Sheet, drop_unchanged, examine, fill, list_open, make_empty
from cohort.crf.known import gather
from cohort.crf.models import OutcomeRecord
from cohort.crf.states import RecordState
from cohort.crf.store import AnyRecord, blank_record, find_record, keep, sheet_of, table_of, writing
from cohort.participants.models import Participant, Visit
from cohort.participants.states import TABLE as VISIT_TABLE
from cohort.participants.states import VisitState
from cohort.study.dictionary import load_dictionary
from portal.audit.context import name_subject, service
from portal.core.dates import write_day
from portal.core.errors import Refused, StaleState, WrongState
from portal.roles.actors import Actor
from portal.roles.policy import require
from portal.workflow import move

OUTSIDE = "outside its window"


class AnsweredMeanwhile(StaleState):
    """Somebody else changed the same questions; what was typed is not taken, and nothing of theirs is lost."""

    def __init__(self, record: AnyRecord, variables: frozenset[str]) -> None:
        super().__init__("somebody else has answered the same questions meanwhile; nothing you typed was taken")
        self.record = record
        self.variables = variables


@dataclass(frozen=True)
class Saved:
    """A form after it was saved. refused: question → why what was typed there was not taken."""

    record: AnyRecord
    refused: dict[str, str]


@service("visit.begin")
def begin_visit(
    *, actor: Actor, visit: Visit, happened_on: date, is_inpatient: bool | None = None, note: str = ""
) -> None:
    """Begin a visit on its day. A day outside the window is noted, not refused."""
    require(actor, "visit.begin", visit.participant.site_id)
    if happened_on > timezone.localdate():
        raise Refused(f"a visit cannot have happened on {write_day(happened_on)}, after today")
    _refuse_without_consent(visit.participant, happened_on)
    is_outside = not visit.opens_on <= happened_on <= visit.closes_on
    move(
        visit,
        "begin",
        table=VISIT_TABLE,
        actor=actor,
        site_pk=visit.participant.site_id,
        happened_on=happened_on,
        age_y=find_age(visit.participant, happened_on),
        is_inpatient=is_inpatient,
        note=(note or OUTSIDE) if is_outside else note,
    )
    name_subject(visit.participant.code, visit.participant.site_id)


@service("visit.miss")
def miss_visit(*, actor: Actor, visit: Visit, why: str) -> None:
    """Record that a planned visit will not take place any more."""
    require(actor, "visit.miss", visit.participant.site_id)
    if not why.strip():
        raise Refused("say why the visit was missed; 'no reason given' is a reason")
    if visit.due_on > timezone.localdate():
        raise Refused(f"the visit is due on {write_day(visit.due_on)}: it cannot be missed before its day")
    move(visit, "miss", table=VISIT_TABLE, actor=actor, site_pk=visit.participant.site_id, note=why.strip()[:300])
    name_subject(visit.participant.code, visit.participant.site_id)


@service("record.enter")
def save_answers(
    *, actor: Actor, visit: Visit, form: str, number: int, changes: Mapping[str, Change], version: int
) -> Saved:
    """Take what was typed into a form. What cannot be taken is refused question by question, the rest is kept.

    version: of the form as the writer saw it; 0 where nobody had begun it. Raises AnsweredMeanwhile if another
    changed one of the same questions since.
    """
    _refuse_unfit(actor, visit, form)
    name_subject(visit.participant.code, visit.participant.site_id)
    with writing(form):
        record = find_record(visit, form, number, is_locked=True) or blank_record(visit, form, number)
        if record.state != RecordState.DRAFT:
            raise WrongState(f"'enter' cannot happen while '{record.state}': open the form again first")
        found = load_dictionary().form(form)
        setting, sheet = gather(visit, found), sheet_of(record)
        changes = drop_unchanged(found, sheet, changes, setting)
        _refuse_overwriting(record, changes, version)
        filled = fill(found, sheet, changes, setting)
        if filled.changed:
            _write(record, filled.sheet, filled.changed)
    return Saved(record, filled.refused)


def _refuse_unfit(actor: Actor, visit: Visit, form: str) -> None:
    require(actor, actions_of(form).enter, visit.participant.site_id)
    if visit.state != VisitState.DONE:
        raise Refused(f"the visit {visit.code} has not begun: begin it before anything is entered")
    _refuse_without_consent(visit.participant, timezone.localdate())


def _refuse_without_consent(participant: Participant, day: date) -> None:
    decision = may_use(participant, Purpose.ENTER, day)
    if not decision.allowed:
        raise Refused(f"nothing may be entered for {participant.code}: {decision.reason}")


def _refuse_overwriting(record: AnyRecord, changes: Mapping[str, Change], version: int) -> None:
    lost = frozenset(name for name in changes if record.stamps.get(name, 0) > version)
    if version > record.version:
        raise StaleState(f"the form has version {record.version}, and {version} was named; load it again")
    if lost:
        raise AnsweredMeanwhile(record, lost)


def _write(record: AnyRecord, sheet: Sheet, changed: frozenset[str]) -> None:
    record.version += 1
    record.stamps = {**record.stamps, **dict.fromkeys(changed, record.version)}
    record.answers, record.missing, record.comments = sheet.answers, sheet.missing, sheet.comments
    record.set_aside, record.typed = sheet.set_aside, sheet.typed
    record.changed_at = timezone.now()
    try:
        keep(record)
    except IntegrityError:
        raise StaleState("somebody else began this form a moment ago; load it again") from None


@service("record.enter")
def complete_record(*, actor: Actor, visit: Visit, form: str, number: int) -> None:
    """Say that a form is complete: every question has an answer or a reason, every odd one a comment."""
    _refuse_unfit(actor, visit, form)
    with writing(form):
        record = _existing(visit, form, number)
        found = load_dictionary().form(form)
        left = list_open(examine(found, sheet_of(record), gather(visit, found)))
        if left:
            names = ", ".join(dict.fromkeys(load_dictionary().field(one.variable).label for one in left))
            raise Refused(f"{len(left)} of its questions keep this form from being complete: {names}")
        _move(actor, visit, record, "complete")


@service("record.enter")
def record_none(*, actor: Actor, visit: Visit, form: str, reason: str = "NA") -> None:
    """Say that there is nothing to record on a repeating form: complete, by its gate or with one reason throughout."""
    _refuse_unfit(actor, visit, form)
    found = load_dictionary().form(form)
    if not found.is_repeating:
        raise Refused(f"'{found.title}' is filled in by everybody: each question has its own reason")
    with writing(form):
        if find_record(visit, form, 1, is_locked=True) is not None:
            raise Refused(f"'{found.title}' was begun already: complete it, or give the reasons there")
        record = blank_record(visit, form, 1)
        sheet = make_empty(found, reason, gather(visit, found))
        _write(record, sheet, frozenset({*sheet.missing, *sheet.answers}))
        _move(actor, visit, record, "complete")


@service("record.reopen")
def reopen_record(*, actor: Actor, visit: Visit, form: str, number: int, why: str) -> None:
    """Open a complete or signed form again, for a reason; the old answers stay in the audit."""
    if not why.strip():
        raise Refused("say why the form is opened again")
    require(actor, actions_of(form).view, visit.participant.site_id)
    # Without consent nobody could complete it again, and its answers would leave the label for good.
    _refuse_without_consent(visit.participant, timezone.localdate())
    with writing(form):
        _move(actor, visit, _existing(visit, form, number), "reopen")


@service("record.sign")
def sign_record(*, actor: Actor, visit: Visit, form: str, number: int) -> None:
    """Sign a complete form: the principal investigator, or the outcome assessor where it tells of an outcome."""
    require(actor, actions_of(form).view, visit.participant.site_id)
    with writing(form):
        _move(actor, visit, _existing(visit, form, number), "sign")


def _existing(visit: Visit, form: str, number: int) -> AnyRecord:
    record = find_record(visit, form, number, is_locked=True)
    if record is None:
        raise Refused("nobody has begun this form yet")
    return record


def _move(actor: Actor, visit: Visit, record: AnyRecord, verb: str, **changes: Any) -> None:
    site_pk = visit.participant.site_id
    name_subject(visit.participant.code, site_pk)
    move(record, verb, table=table_of(record), actor=actor, site_pk=site_pk, changed_at=timezone.now(), **changes)


def is_closed(record: AnyRecord) -> bool:
    """True for a form of the closed schema."""
    return isinstance(record, OutcomeRecord)
