"""Low-trauma fractures, on the worked examples of CLINICAL 8.11."""

from datetime import date

import pytest

from cohort.labels.fractures import (
    ADJUDICATE,
    NO,
    UNKNOWN,
    YES,
    Fracture,
    bounds_of,
    is_after,
    is_major,
    judge_fracture,
    make_incident_label,
    make_past_fracture_label,
    make_told_label,
)
from cohort.labels.rules import INCOMPLETE, NO_IMAGING, NOT_FOLLOWED, NOT_KNOWN, TO_ADJUDICATE

WRIST = Fracture("radius_distal", "fall", "0", age_years=61)
IMAGED = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("fracture", "verdict"),
    [
        (Fracture("radius_distal", "fall", "0"), YES),
        (Fracture("radius_distal", "fall", "2"), ADJUDICATE),
        (Fracture("ankle", "fall", "4"), NO),
        (Fracture("spine", "lift"), YES),
        (Fracture("toe", "fall", "0"), NO),
        (Fracture("hip_neck", "fall", "1"), YES),
        (Fracture("rib", "cough"), YES),
        (Fracture("radius_distal", "sport"), NO),
        (Fracture("humerus_prox", "fall", ""), UNKNOWN),
        (Fracture("hip_subtroch", "fall", "0", is_pathological=True), NO),
        (Fracture("spine", "seizure"), ADJUDICATE),
        (Fracture("spine", "unk"), UNKNOWN),
        (Fracture("humerus_prox", "fall", "3"), ADJUDICATE),
    ],
)
def test_the_fragility_vectors_come_out_as_written(fracture: Fracture, verdict: int) -> None:
    assert judge_fracture(fracture) == verdict


def test_what_the_adjudicators_found_overrules_the_table() -> None:
    assert judge_fracture(Fracture("radius_distal", "fall", "2", adjudicated=NO)) == NO


def test_an_edge_case_is_no_label_before_somebody_judged_it() -> None:
    label = make_past_fracture_label("1", [Fracture("radius_distal", "fall", "2", age_years=60)])
    assert (label.value, label.why) == (None, TO_ADJUDICATE)


def test_one_clear_fracture_is_enough_beside_an_edge_case() -> None:
    assert make_past_fracture_label("1", [WRIST, Fracture("ankle", "fall", "2")]).value == YES


def test_nobody_asked_is_not_the_same_as_no() -> None:
    assert make_past_fracture_label("0", []).value == NO
    assert make_past_fracture_label("", []).why == INCOMPLETE
    assert make_past_fracture_label("9", []).why == NOT_KNOWN
    assert make_past_fracture_label("1", []).why == INCOMPLETE


def test_a_childhood_fracture_is_outside_adult_life() -> None:
    assert make_past_fracture_label("1", [Fracture("radius_distal", "fall", "0", age_years=17)]).value == NO
    assert make_past_fracture_label("1", [Fracture("radius_distal", "fall", "0", age_years=18)]).value == YES


def test_the_later_window_wants_an_age() -> None:
    undated = Fracture("radius_distal", "fall", "0")
    assert make_past_fracture_label("1", [undated]).value == YES
    assert make_past_fracture_label("1", [undated], from_years=50).why == NOT_KNOWN
    assert make_past_fracture_label("1", [WRIST], from_years=50).value == YES


def test_major_sites_are_hip_spine_forearm_and_proximal_humerus() -> None:
    assert is_major(WRIST)
    assert not is_major(Fracture("ankle", "fall", "0"))


def test_a_fracture_counts_as_incident_only_after_the_day_of_imaging() -> None:
    def label_of(happened: str) -> int | None:
        return make_incident_label(
            IMAGED, date(2027, 3, 10), [Fracture("radius_distal", "fall", "0", happened=happened)]
        ).value

    assert label_of("2026-03-10") == NO
    assert label_of("2026-03-11") == YES


def test_a_date_that_could_lie_on_either_side_goes_to_adjudication() -> None:
    label = make_incident_label(IMAGED, date(2027, 1, 1), [Fracture("rib", "fall", "0", happened="2026-03")])
    assert (label.value, label.why) == (None, TO_ADJUDICATE)


def test_without_baseline_imaging_there_is_no_incident_label() -> None:
    assert make_incident_label(None, date(2027, 1, 1), []).why == NO_IMAGING


def test_nobody_is_free_of_fracture_before_being_asked_again() -> None:
    assert make_incident_label(IMAGED, None, []).why == NOT_FOLLOWED
    assert make_incident_label(IMAGED, date(2026, 9, 10), []).value == NO


def test_a_fracture_that_was_told_of_and_not_yet_recorded_is_not_no_fracture() -> None:
    seen = date(2027, 3, 10)
    assert make_incident_label(IMAGED, seen, [], {"0"}).value == NO
    told = make_incident_label(IMAGED, seen, [], {"0", "1"})
    assert (told.value, told.why) == (None, INCOMPLETE)
    recorded = Fracture("toe", "fall", "0", happened="2026-05-04")
    assert make_incident_label(IMAGED, seen, [recorded], {"0", "1"}).value == NO


def test_what_nobody_knows_of_one_interval_is_not_known_of_the_whole() -> None:
    unknown = make_incident_label(IMAGED, date(2027, 3, 10), [], {"0", "9"})
    assert (unknown.value, unknown.why) == (None, NOT_KNOWN)
    found = Fracture("rib", "fall", "0", happened="2026-05-04")
    assert make_incident_label(IMAGED, None, [found], {"9"}).value == YES


def test_partial_dates_are_never_filled_in() -> None:
    assert bounds_of("2024-02") == (date(2024, 2, 1), date(2024, 2, 29))
    assert is_after("2026", IMAGED) is None
    assert is_after("2027", IMAGED) is True
    assert is_after("2025-12", IMAGED) is False
    with pytest.raises(ValueError, match="invalid literal"):
        bounds_of("spring")


def test_a_refused_survey_answer_is_no_label() -> None:
    assert [make_told_label(answer).value for answer in ("1", "0", "7", "9", "")] == [1, 0, None, None, None]
