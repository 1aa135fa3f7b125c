"""Many at once: exactly one wins, the others are told, nothing is half-done (TRUST 4.4 fault 24, 4.5)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from cohort.enrolment.models import Assignment, Screening
from cohort.enrolment.services import decline_screening, enrol_participant
from cohort.identity.models import Person
from cohort.participants.models import Participant
from portal.audit.models import Act
from portal.core.errors import Refused, StaleState, WrongState
from tests.cast import make_cast, make_identity, make_participant, make_screening, make_signing

pytestmark = pytest.mark.fault


def at_once(n: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act` n times at once, each in a thread with connections of its own; return results and our errors."""

    def run(number: int) -> Any:
        try:
            return act(number)
        except (Refused, StaleState, WrongState) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(n) as threads:
        return list(threads.map(run, range(n)))


def test_one_screening_enrolled_by_ten_at_once_makes_one_participant(fresh_database: dict[str, str]) -> None:
    cast = make_cast()
    screening = make_screening(cast)

    def enrol(_: int) -> Participant:
        mine = Screening.objects.select_related("study", "site").get(pk=screening.pk)
        return enrol_participant(actor=cast.nora, screening=mine, identity=make_identity(), signing=make_signing(cast))

    results = at_once(10, enrol)
    assert sum(isinstance(one, Participant) for one in results) == 1
    assert Participant.objects.count() == Assignment.objects.count() == Person.objects.count() == 1
    assert Act.objects.filter(action="participant.enrol").count() == 1


def test_ten_people_enrolled_at_once_get_ten_codes_and_ten_places(fresh_database: dict[str, str]) -> None:
    cast = make_cast()
    names = ["Ann", "Bea", "Cat", "Dot", "Eve", "Fay", "Gil", "Hal", "Ida", "Joy"]
    results = at_once(10, lambda number: make_participant(cast, names[number]))
    assert len({one.code for one in results}) == 10
    assert sorted(Assignment.objects.values_list("position", flat=True)) == list(range(10))
    assert Assignment.objects.filter(is_test=True).count() == 3


def test_the_same_person_enrolled_twice_at_once_is_enrolled_once(fresh_database: dict[str, str]) -> None:
    cast = make_cast()
    results = at_once(4, lambda _: make_participant(cast, "Ann"))
    assert sum(isinstance(one, Participant) for one in results) == 1
    assert all("is in the study already" in str(one) for one in results if not isinstance(one, Participant))
    assert Participant.objects.count() == 1


def test_of_fifty_moves_at_once_one_wins(fresh_database: dict[str, str]) -> None:
    cast = make_cast()
    screening = make_screening(cast)
    copies = [Screening.objects.get(pk=screening.pk) for _ in range(50)]
    results = at_once(20, lambda number: decline_screening(actor=cast.nora, screening=copies[number]))
    assert results.count(None) == 1
    assert all(isinstance(one, StaleState) for one in results if one is not None)
