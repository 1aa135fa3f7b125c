"""Left or right: agreed, in conflict, settled by the two answers."""

import pytest

from cohort.imaging.models import Series, Upload
from cohort.imaging.quality import find_wrong_side
from cohort.imaging.settling import sweep_uploads
from cohort.imaging.sides import judge_sides, settle_side, tell_side
from cohort.imaging.waiting import list_waiting_for
from cohort.participants.models import Participant
from portal.core.errors import NotAllowed, Refused
from tests.cast import Cast, make_participant
from tests.cohort.deid.films import make_arm, write_on
from tests.cohort.imaging.builders import bring, make_dxa, make_film, read_upload
from tests.database import rolls_back

EVERYTHING = {"form": "L", "header": "L", "marker": "L"}


def test_all_three_agree():
    agreement = judge_sides([("Radiograph", EVERYTHING)], [])
    assert agreement.sentence == "LEFT forearm: agreed by form, header, marker"
    assert not agreement.is_conflict


def test_a_source_that_says_nothing_is_named():
    found = judge_sides([("Radiograph", {**EVERYTHING, "marker": None})], [])
    assert found.sentence == "LEFT forearm: agreed by form, header; no marker was read"


@pytest.mark.parametrize("source", ["header", "marker"])
def test_one_that_names_the_other_side_stops(source: str):
    found = judge_sides([("DXA", {**EVERYTHING, source: "R"})], [])
    assert found.is_conflict
    assert found.sentence == f"STOP: the {source} of the DXA names the other side"


def test_two_forearms_in_use_stop():
    found = judge_sides([("Radiograph", EVERYTHING), ("DXA", dict.fromkeys(EVERYTHING, "R"))], [])
    assert "both forearms" in found.sentence
    assert found.side == ""


def test_before_the_first_image_nothing_is_agreed():
    assert judge_sides([], []).sentence == "No forearm was imaged yet"


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


@pytest.fixture
def conflict(cast: Cast, ann: Participant) -> Upload:
    """A film of the right forearm that was dropped at the left one."""
    return bring(cast, ann, make_film(ann.code, side="R"))


@rolls_back
def test_a_header_that_names_the_other_side_stops_the_participant(ann: Participant, conflict: Upload):
    assert conflict.files.get().verdict == "side_conflict"
    assert tell_side(ann).is_conflict
    assert "a Radiograph names the other side than the form" in tell_side(ann).sentence


@rolls_back
def test_dropped_at_the_wrong_place_moves_the_file_to_the_other_side(cast: Cast, ann: Participant, conflict: Upload):
    settling = settle_side(actor=cast.nora, upload=conflict, answer="moved")
    assert read_upload(settling).state == "finished"
    series = Series.objects.get()
    assert (series.side, series.upload_id) == ("R", settling.pk)
    assert conflict.files.get().verdict == "settled"
    assert tell_side(ann).sentence == "RIGHT forearm: agreed by form, header; no marker was read"


@rolls_back
def test_a_data_manager_overrules_a_wrong_header_with_a_reason(cast: Cast, ann: Participant, conflict: Upload):
    settling = settle_side(actor=cast.dan, upload=conflict, answer="header_wrong", why="the run-sheet says left")
    assert read_upload(settling).state == "finished"
    assert Series.objects.get().side == "L"
    assert settling.side_why == "the run-sheet says left"
    assert not tell_side(ann).is_conflict


@rolls_back
def test_the_marker_in_the_picture_is_the_third_source_and_can_be_overruled(cast: Cast, ann: Participant):
    marked = write_on(make_arm(320, 240), "R", (12, 30), 40)
    film = make_film(ann.code, "L", Rows=320, Columns=240, PixelData=marked.tobytes())
    conflict = bring(cast, ann, film)
    assert "The marker in the picture says RIGHT" in conflict.files.get().reason
    assert tell_side(ann).is_conflict
    settling = settle_side(actor=cast.dan, upload=conflict, answer="header_wrong", why="the wrong letter was laid")
    assert read_upload(settling).state == "finished"
    assert Series.objects.get().facts.side_evidence == {"form": "L", "header": "L", "marker": "R"}
    assert tell_side(ann).sentence == "LEFT forearm: agreed by form, header; no marker was read"


@rolls_back
def test_a_film_whose_marker_agrees_is_agreed_by_three(cast: Cast, ann: Participant):
    marked = write_on(make_arm(320, 240), "L", (12, 30), 40)
    bring(cast, ann, make_film(ann.code, "L", Rows=320, Columns=240, PixelData=marked.tobytes()))
    assert tell_side(ann).sentence == "LEFT forearm: agreed by form, header, marker"


@rolls_back
def test_a_nurse_does_not_overrule_a_header(cast: Cast, conflict: Upload):
    with pytest.raises(NotAllowed, match="data manager"):
        settle_side(actor=cast.nora, upload=conflict, answer="header_wrong", why="I am sure")


@rolls_back
def test_a_header_is_not_overruled_without_a_reason(cast: Cast, conflict: Upload):
    with pytest.raises(Refused, match="say how you know"):
        settle_side(actor=cast.dan, upload=conflict, answer="header_wrong", why=" ")


@rolls_back
@pytest.mark.parametrize("who", ["nell", "mona", "paula"])
def test_nobody_else_settles_a_side(cast: Cast, conflict: Upload, who: str):
    with pytest.raises(NotAllowed):
        settle_side(actor=getattr(cast, who), upload=conflict, answer="moved")


@rolls_back
def test_an_answer_is_given_once(cast: Cast, conflict: Upload):
    settle_side(actor=cast.nora, upload=conflict, answer="moved")
    with pytest.raises(Refused, match="no file of this upload waits"):
        settle_side(actor=cast.nora, upload=conflict, answer="moved")


@rolls_back
def test_a_third_answer_is_refused(cast: Cast, conflict: Upload):
    with pytest.raises(Refused, match="say which it is"):
        settle_side(actor=cast.nora, upload=conflict, answer="whatever")


@rolls_back
def test_a_settled_file_is_kept_under_its_new_upload_alone(cast: Cast, conflict: Upload):
    old = conflict.files.get()
    settling = settle_side(actor=cast.nora, upload=conflict, answer="moved")
    sweep_uploads(older_than_s=-1)
    old.refresh_from_db()
    assert old.place == "gone"
    assert settling.files.get().place == "quarantine"
    assert read_upload(settling).state == "finished"


@rolls_back
def test_images_of_both_forearms_stop_until_one_is_taken_out(cast: Cast, ann: Participant):
    bring(cast, ann, make_film(ann.code))
    bring(cast, ann, make_dxa(ann.code, side="R"), modality="dxa", side="R")
    assert "both forearms" in tell_side(ann).sentence
    find_wrong_side(actor=cast.nora, series=Series.objects.get(modality="dxa"), why="protocol is left")
    assert tell_side(ann).sentence.startswith("LEFT forearm")


@rolls_back
def test_a_conflict_waits_for_those_who_can_settle_it(cast: Cast, conflict: Upload):
    for actor in (cast.nora, cast.dan):
        (line,) = [one for one in list_waiting_for(actor) if one.count]
        assert (line.count, line.urgency, str(conflict.pk) in line.url) == (1, "now", True)
    for actor in (cast.nell, cast.mona, cast.ana):
        assert not [one for one in list_waiting_for(actor) if one.count]
