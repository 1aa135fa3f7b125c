"""What people say of a series: motion, repeats, unusable."""

import pytest

from cohort.imaging.models import Series
from cohort.imaging.quality import find_unusable, find_wrong_side, set_quality, take_back
from cohort.imaging.waiting import list_waiting_for
from cohort.participants.models import Participant
from portal.core.errors import NotAllowed, Refused, StaleState, WrongState
from tests.cast import Cast, make_participant
from tests.cohort.imaging.builders import bring, make_film, make_slices
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


@pytest.fixture
def scan(cast: Cast, ann: Participant) -> Series:
    bring(cast, ann, *make_slices(ann.code), modality="pqct")
    return Series.objects.get()


@pytest.mark.parametrize(("grade", "asks"), [(3, False), (4, True), (5, True)])
def test_much_movement_asks_for_a_repeat_by_itself(cast: Cast, scan: Series, grade: int, asks: bool):
    set_quality(actor=cast.nora, series=scan, motion_grade=grade)
    scan.refresh_from_db()
    assert (scan.motion_grade, scan.is_repeat_asked) == (grade, asks)


def test_a_repeat_takes_the_place_of_what_it_repeats(cast: Cast, ann: Participant, scan: Series):
    set_quality(actor=cast.nora, series=scan, motion_grade=5)
    (line,) = [one for one in list_waiting_for(cast.nora) if one.count]
    assert line.sentence == "scan is to be repeated"
    bring(cast, ann, *make_slices(ann.code, seed=7), modality="pqct")
    scan.refresh_from_db()
    repeat = Series.objects.exclude(pk=scan.pk).get()
    assert (scan.state, scan.is_repeat_asked) == ("superseded", False)
    assert (repeat.state, repeat.attempt) == ("accepted", 2)
    assert not [one for one in list_waiting_for(cast.nora) if one.count]


def test_a_second_attempt_with_movement_asks_for_no_third(cast: Cast, ann: Participant, scan: Series):
    set_quality(actor=cast.nora, series=scan, motion_grade=4)
    bring(cast, ann, *make_slices(ann.code, seed=7), modality="pqct")
    repeat = Series.objects.exclude(pk=scan.pk).get()
    set_quality(actor=cast.nora, series=repeat, motion_grade=4)
    assert not repeat.is_repeat_asked


@pytest.mark.parametrize("grade", [0, 6])
def test_a_grade_lies_between_1_and_5(cast: Cast, scan: Series, grade: int):
    with pytest.raises(Refused, match="between 1 and 5"):
        set_quality(actor=cast.nora, series=scan, motion_grade=grade)


def test_a_film_has_no_motion_grade(cast: Cast, ann: Participant):
    bring(cast, ann, make_film(ann.code))
    with pytest.raises(Refused, match="has no motion grade"):
        set_quality(actor=cast.nora, series=Series.objects.get(), motion_grade=2)


@pytest.mark.parametrize("who", ["nell", "paula", "mona", "ana"])
def test_nobody_else_grades(cast: Cast, scan: Series, who: str):
    with pytest.raises(NotAllowed):
        set_quality(actor=getattr(cast, who), series=scan, motion_grade=1)


def test_unusable_wants_a_reason_and_can_be_taken_back(cast: Cast, scan: Series):
    with pytest.raises(Refused, match="say why"):
        find_unusable(actor=cast.nora, series=scan, why=" ")
    find_unusable(actor=cast.nora, series=scan, why="the arm slipped")
    assert scan.state == "unusable"
    with pytest.raises(Refused, match="is not graded"):
        set_quality(actor=cast.nora, series=scan, motion_grade=1)
    take_back(actor=cast.dan, series=scan, why="only the scout was bad")
    assert scan.state == "accepted"


def test_what_is_accepted_cannot_be_taken_back(cast: Cast, scan: Series):
    with pytest.raises(WrongState, match="'take_back' cannot happen while 'accepted'"):
        take_back(actor=cast.nora, series=scan, why="again")


def test_a_stale_copy_cannot_win(cast: Cast, scan: Series):
    stale = Series.objects.get(pk=scan.pk)
    find_unusable(actor=cast.nora, series=scan, why="the arm slipped")
    with pytest.raises(StaleState, match="'find_wrong_side' cannot happen"):
        find_wrong_side(actor=cast.dan, series=stale, why="it is the right one")
