"""The rows of a study that a public table becomes (no database is asked here; the service writes them).

Every key is worked out from the study and the source's own number, so an import that broke off is simply tried again
and meets what it left under the closed roles: the draw of each person stays, the answers become those of the new file.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from cohort.crf.models import OutcomeRecord, Record
from cohort.datasets.sources import PublicTable
from cohort.exchange.reading import Person
from cohort.participants.models import Participant, Visit
from cohort.study.models import Study
from portal.core.ids import make_code
from portal.sites.models import Site

VISIT = "BL"


@dataclass
class Built:
    """Rows of every table, in the order in which they are written."""

    participants: list[Participant] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    outcomes: list[OutcomeRecord] = field(default_factory=list)
    to_draw: list[tuple[uuid.UUID, str, int]] = field(default_factory=list)


def build_rows(
    study: Study, site: Site, table: PublicTable, people: Iterable[Person], *, first_number: int, now: datetime
) -> Built:
    """Return the rows of everybody, numbered on from `first_number`."""
    built = Built()
    closed = {one.name for one in table.columns if one.is_closed}
    for number, person in enumerate(people, start=first_number):
        participant = _make_participant(study, site, person, number, _middle_of(table, person), now)
        visit = _make_visit(participant, person, _middle_of(table, person))
        built.participants.append(participant)
        built.visits.append(visit)
        built.records.append(
            Record(participant=participant, visit=visit, **_split(table, participant, person, closed, wanted=False))
        )
        built.outcomes.append(
            OutcomeRecord(
                id=uuid.uuid5(visit.pk, "outcome"),
                participant_id=participant.pk,
                visit_id=visit.pk,
                **_split(table, participant, person, closed, wanted=True),
            )
        )
        built.to_draw.append((participant.pk, participant.sex, person.age_years))
    return built


def _make_participant(
    study: Study, site: Site, person: Person, number: int, middle: date, now: datetime
) -> Participant:
    return Participant(
        pk=uuid.uuid5(study.pk, person.source_id),
        study=study,
        site=site,
        origin=study.origin,
        code=make_code(site.prefix, number),
        number=number,
        sex=person.sex,
        # The survey gives an age and no birth date; of people of 80 and over not even that.
        birth_year=middle.year - person.age_years,
        enrolled_at=now,
    )


def _make_visit(participant: Participant, person: Person, middle: date) -> Visit:
    return Visit(
        pk=uuid.uuid5(participant.pk, VISIT),
        participant=participant,
        origin=participant.origin,
        code=VISIT,
        state="done",
        due_on=middle,
        opens_on=middle,
        closes_on=middle,
        happened_on=middle,
        age_y=person.age_years,
        note="public survey: the day was not released, this is the middle of its cycle",
    )


def _split(
    table: PublicTable, participant: Participant, person: Person, closed: set[str], *, wanted: bool
) -> dict[str, object]:
    return {
        "origin": participant.origin,
        "form": table.form,
        "number": 1,
        "state": "complete",
        "answers": {name: value for name, value in person.answers.items() if (name in closed) is wanted},
        "missing": {name: why for name, why in person.missing.items() if (name in closed) is wanted},
    }


def _middle_of(table: PublicTable, person: Person) -> date:
    return date.fromisoformat(str(table.facts["cycles"][person.cycle]["middle"]))
