"""Who may read outcomes, row by row, tried through each role's own connection on committed rows."""

import pytest
from django.db import DatabaseError, ProgrammingError, connections

from cohort.crf.access import latest_answers
from cohort.crf.models import OutcomeRecord, Record
from cohort.enrolment.models import Assignment
from cohort.participants.models import Participant
from portal.audit.context import joined
from tests.cast import Cast, hands, make_cast, make_participant
from tests.cohort.crf.builders import FAL, FXH, begin, complete

NAMES = ("Ann", "Bea", "Cat", "Dot", "Eve", "Fay", "Gil", "Hal", "Ida", "Joy")


@pytest.fixture
def drawn(fresh_database: dict[str, str]) -> tuple[Cast, dict[bool, list[Participant]]]:
    """Ten people, three of them drawn for the test; each with one past fracture and one form on falls."""
    cast = make_cast()
    people = {participant.pk: participant for participant in (make_participant(cast, name) for name in NAMES)}
    for participant in people.values():
        visit = begin(cast, participant)
        complete(cast.nora, visit, "fxh", FXH)
        complete(cast.nora, visit, "fal", FAL)
    parts: dict[bool, list[Participant]] = {True: [], False: []}
    for pk, is_test in Assignment.objects.values_list("participant_id", "is_test"):
        parts[is_test].append(people[pk])
    assert (len(parts[True]), len(parts[False])) == (3, 7)
    return cast, parts


def seen_by(alias: str) -> set[object]:
    """Return whose outcomes a role sees."""
    return set(OutcomeRecord.objects.using(alias).values_list("participant_id", flat=True))


def test_each_role_sees_the_outcomes_it_may_and_no_other(drawn: tuple[Cast, dict[bool, list[Participant]]]):
    _, parts = drawn
    test, train = ({one.pk for one in parts[is_test]} for is_test in (True, False))
    assert seen_by("clinical") == test | train
    assert seen_by("snapshot") == train
    assert seen_by("labels") == test
    # It reads what a protocol's rules want, while an evaluation that names them is sealed: here none is.
    assert seen_by("scorer") == set()
    for alias in ("default", "identity", "allocation", "sealer"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            seen_by(alias)


def test_who_was_never_drawn_is_seen_by_neither_builder(drawn: tuple[Cast, dict[bool, list[Participant]]]):
    cast, _ = drawn
    with hands(cast.nora), joined("clinical"):
        stranger = OutcomeRecord.objects.create(
            participant_id=cast.study.pk, visit_id=cast.study.pk, origin="simulated", form="fxh"
        )
    assert stranger.participant_id in seen_by("clinical")
    assert stranger.participant_id not in seen_by("snapshot") | seen_by("labels")


@pytest.mark.parametrize("alias", ["snapshot", "labels"])
def test_a_builder_reads_and_never_writes(drawn: tuple[Cast, dict[bool, list[Participant]]], alias: str):
    for change in (
        "UPDATE outcome.record SET state = 'draft'",
        "DELETE FROM outcome.record",
        "INSERT INTO outcome.record SELECT * FROM outcome.record",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), connections[alias].cursor() as cursor:
            cursor.execute(change)


def test_the_latest_answers_come_under_the_role_that_asks(drawn: tuple[Cast, dict[bool, list[Participant]]]):
    _, parts = drawn
    everybody = [one.pk for one in parts[True] + parts[False]]
    found = latest_answers(everybody, ["fxh", "fal"], "snapshot")
    assert all(found[one.pk]["fal"][0].answers["fal_12m"] == 2 for one in parts[True] + parts[False])
    assert all(found[one.pk]["fxh"][0].answers["fxh_fragility_rule"] == "1" for one in parts[False])
    assert all("fxh" not in found[one.pk] for one in parts[True])


def test_a_complete_form_cannot_be_changed_behind_the_services(drawn: tuple[Cast, dict[bool, list[Participant]]]):
    cast, _ = drawn
    with pytest.raises(DatabaseError, match="never changes"), hands(cast.nora):
        Record.objects.update(answers={})
    with pytest.raises(DatabaseError, match="never changes"), hands(cast.nora):
        Record.objects.update(origin="human")
