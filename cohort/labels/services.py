"""Labels of many participants at once, read through the role that may: the snapshot builder's or the label writer's.

This reads and answers; it writes nothing. Which participants a role can see at all is the database's to say (row-level
security on schema `outcome`): the role of alias `snapshot` sees training participants, that of `labels` test ones.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connections

from cohort.crf.models import OutcomeRecord, Record
from cohort.enrolment.models import Screening
from cohort.labels.fractures import make_incident_label, make_past_fracture_label, make_told_label
from cohort.labels.osteoporosis import make_osteoporosis_label
from cohort.labels.reading import (
    read_dxa,
    read_incident_fractures,
    read_last_seen,
    read_past_fractures,
    read_person,
    read_told,
)
from cohort.labels.rules import NOTHING_ENTERED, RULE_VERSIONS, Label
from cohort.participants.models import Participant, Visit
from cohort.study.models import Study
from modelling.engine.training.admissible import FX_FRAG, FX_INC, FX_WRIST_PAST, OP_WHO
from portal.core.errors import Refused

PART_OF_ALIAS = {"snapshot": "train", "labels": "test"}
"""Alias of a closed role → the part of the draw it may read outcomes of."""

BASELINE = ("BL", "BLI")
COUNTED = ("complete", "signed")
"""States of a form whose answers count; a half-entered one does not."""

PUBLIC_FORM, PUBLIC_ANSWER = "nhn", "OSQ010B"

FORMS_READ: dict[str, tuple[str, ...]] = {
    OP_WHO: ("dxa",),
    FX_FRAG: ("fxh",),
    FX_INC: ("fxe", "fup", "eos"),
    FX_WRIST_PAST: (PUBLIC_FORM,),
}
"""Task → forms of the closed schema its label is made from."""

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Form → answers of its records, in their order."""


@dataclass(frozen=True)
class Known:
    """What is known of one participant, for one label."""

    participant: Participant
    outcome: Rows
    public: Rows
    imaged_on: date | None
    screening: Mapping[str, Any]


def part_of(participant_pks: Iterable[uuid.UUID], *, alias: str) -> dict[uuid.UUID, str | None]:
    """Return for each participant the part the draw put them in, asked as a role that may know."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT one, vault.part_of(one) FROM unnest(%s::uuid[]) AS one", [list(participant_pks)])
        return dict(cursor.fetchall())


def label_participants(study: Study, task: str, *, alias: str) -> dict[uuid.UUID, Label]:
    """Return the label of every participant of the alias's part who is in a study; each has one or a reason.

    alias: `snapshot` for training participants (in a worker), `labels` for test participants (at the freeze).
    Raises Refused for a task without a rule.
    """
    if task not in RULE_VERSIONS:
        raise Refused(f"there is no label rule for '{task}'; there are: {', '.join(RULE_VERSIONS)}")
    everybody = {one.pk: one for one in Participant.objects.filter(study=study)}
    parts = part_of(everybody, alias=alias)
    wanted = {pk: one for pk, one in everybody.items() if parts.get(pk) == PART_OF_ALIAS[alias]}
    return {one.participant.pk: _RULES[task](one) for one in _gather(study, task, wanted, alias)}


def _gather(study: Study, task: str, participants: Mapping[uuid.UUID, Participant], alias: str) -> Iterable[Known]:
    visits = Visit.objects.filter(participant__study=study)
    codes = dict(visits.values_list("pk", "code"))
    imaged = dict(visits.filter(code="BLI").values_list("participant_id", "happened_on"))
    at_baseline = {pk for pk, code in codes.items() if code in BASELINE}
    outcome = _collect(
        OutcomeRecord.objects.using(alias).filter(form__in=FORMS_READ[task], state__in=COUNTED),
        participants,
        at_baseline if task != FX_INC else None,
    )
    public = _collect(
        Record.objects.filter(participant__study=study, form__in=("rep", "mhx", "dem"), state__in=COUNTED),
        participants,
        at_baseline,
    )
    screenings = dict(Screening.objects.filter(study=study).values_list("participant_id", "scr_weight_ok"))
    for pk, participant in participants.items():
        screening = {"scr_weight_ok": screenings.get(pk)}
        yield Known(participant, outcome[pk], public[pk], imaged.get(pk), screening)


def _collect(
    records: Any, participants: Mapping[uuid.UUID, Participant], visit_pks: set[uuid.UUID] | None
) -> dict[uuid.UUID, dict[str, list[Mapping[str, Any]]]]:
    found: dict[uuid.UUID, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    values = records.order_by("participant_id", "form", "number")
    for participant_pk, visit_pk, form, answers in values.values_list("participant_id", "visit_id", "form", "answers"):
        if participant_pk in participants and (visit_pks is None or visit_pk in visit_pks):
            found[participant_pk][form].append(answers)
    return found


def _label_osteoporosis(one: Known) -> Label:
    if not one.outcome["dxa"]:
        return Label(None, NOTHING_ENTERED)
    person = read_person(
        one.participant.sex,
        _age_years(one),
        _first(one.public["rep"]),
        one.public["mhx"],
        one.screening,
    )
    return make_osteoporosis_label(person, read_dxa(one.outcome["dxa"]))


def _label_past_fracture(one: Known) -> Label:
    if not one.outcome["fxh"]:
        return Label(None, NOTHING_ENTERED)
    return make_past_fracture_label(*read_past_fractures(one.outcome["fxh"]))


def _label_incident(one: Known) -> Label:
    followed = [*one.outcome["fup"], *one.outcome["eos"]]
    fractures = read_incident_fractures(one.outcome["fxe"])
    return make_incident_label(one.imaged_on, read_last_seen(followed), fractures, read_told(followed))


def _label_told(one: Known) -> Label:
    return make_told_label(str(_first(one.outcome[PUBLIC_FORM]).get(PUBLIC_ANSWER) or ""))


def _age_years(one: Known) -> int:
    """Return the age at the visit; where the form has none yet, the years since the year of birth at enrolment."""
    told = _first(one.public["dem"]).get("age_y")
    return int(told) if told is not None else one.participant.enrolled_at.year - one.participant.birth_year


def _first(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return rows[0] if rows else {}


_RULES: dict[str, Callable[[Known], Label]] = {
    OP_WHO: _label_osteoporosis,
    FX_FRAG: _label_past_fracture,
    FX_INC: _label_incident,
    FX_WRIST_PAST: _label_told,
}
