"""Osteoporosis by the WHO's rule, on the worked examples of CLINICAL 8.2 and 8.11."""

from decimal import Decimal

import pytest

from cohort.labels.osteoporosis import (
    Class,
    Person,
    Reading,
    Verdict,
    classify_t_score,
    count_vertebrae,
    judge_osteoporosis,
    make_osteoporosis_label,
    print_t_score,
)
from cohort.labels.rules import INCOMPLETE, NOT_KNOWN, OTHER_SCALE

WOMAN = Person(sex="F", age_years=68, menopause="3")
HYPERPARATHYROID = Person(sex="F", age_years=68, menopause="3", has_radius_indication=True)


def read(**t_scores: str) -> list[Reading]:
    """Return readings by region; LS stands for the spine L1 to L4, FN and TH for the left side, UD for R_UD."""
    names = {"LS": "LS_L1L4", "FN": "FN_L", "TH": "TH_L", "UD": "R_UD"}
    return [Reading(names.get(name, name), Decimal(value)) for name, value in t_scores.items()]


ONE_VERTEBRA = [
    Reading("LS_L1", None, True),
    Reading("LS_L2", None, True),
    Reading("LS_L3", None, True),
    Reading("LS_L4", Decimal("-2.8")),
]

VECTORS = {
    "L01": (WOMAN, read(LS="-1.2", FN="-2.5", TH="-2.0"), (Class.OSTEOPOROSIS, "FN_L", True, True)),
    "L02": (WOMAN, read(LS="-1.2", FN="-2.4", TH="-2.0"), (Class.LOW, "FN_L", True, True)),
    "L03": (WOMAN, read(LS="-1.5", FN="-1.4", TH="-1.1", UD="-3.4"), (Class.LOW, "LS_L1L4", True, False)),
    "L04": (WOMAN, read(LS="-1.5", FN="-1.4", TH="-1.1", R_33="-2.7"), (Class.LOW, "LS_L1L4", True, False)),
    "L05": (
        HYPERPARATHYROID,
        read(LS="-1.5", FN="-1.4", TH="-1.1", R_33="-2.7"),
        (Class.OSTEOPOROSIS, "R_33", True, False),
    ),
    "L06": (WOMAN, read(LS="-2.8", FN="-1.4") + ONE_VERTEBRA, (Class.LOW, "FN_L", False, False)),
    "L07": (
        WOMAN,
        read(LS="-2.8", FN="-1.4", R_33="-2.6") + ONE_VERTEBRA,
        (Class.OSTEOPOROSIS, "R_33", False, False),
    ),
    "L08": (Person("F", 52, "1"), read(LS="-2.6"), (Class.USE_Z, "", False, False)),
    "L09": (WOMAN, read(LS="-1.0", FN="-0.5"), (Class.NORMAL, "LS_L1L4", True, True)),
    "L10": (WOMAN, read(LS="-1.1", FN="-0.5"), (Class.LOW, "LS_L1L4", True, True)),
    "L11": (Person("M", 66), read(FN_R="-2.6", FN_L="-2.1"), (Class.OSTEOPOROSIS, "FN_R", False, False)),
    "L12": (WOMAN, read(UD="-3.0"), (Class.NOT_EVALUABLE, "", False, False)),
    "L13": (WOMAN, read(FN="-1.3"), (Class.LOW, "FN_L", False, False)),
    "L14": (WOMAN, read(LS="-1.2", FN="-0.9", TH="-0.5"), (Class.LOW, "LS_L1L4", True, False)),
}


@pytest.mark.parametrize("name", VECTORS)
def test_the_label_vectors_come_out_as_written(name: str) -> None:
    person, readings, (found, region, is_complete, is_near) = VECTORS[name]
    verdict = judge_osteoporosis(person, readings)
    assert (verdict.found, verdict.region, verdict.is_complete, verdict.is_near_threshold) == (
        found,
        region,
        is_complete,
        is_near,
    )


def test_the_radius_alone_is_kept_as_a_flag_of_its_own() -> None:
    assert judge_osteoporosis(*VECTORS["L04"][:2]).is_osteoporotic_at_radius
    assert not judge_osteoporosis(*VECTORS["L01"][:2]).is_osteoporotic_at_radius


@pytest.mark.parametrize(
    ("bmd", "printed", "found"),
    [
        ("0.858", "0.0", Class.NORMAL),
        ("0.744", "-1.0", Class.NORMAL),
        ("0.738", "-1.0", Class.NORMAL),
        ("0.732", "-1.1", Class.LOW),
        ("0.650", "-1.7", Class.LOW),
        ("0.564", "-2.5", Class.OSTEOPOROSIS),
        ("0.563", "-2.5", Class.OSTEOPOROSIS),
        ("0.558", "-2.5", Class.OSTEOPOROSIS),
        ("0.552", "-2.6", Class.OSTEOPOROSIS),
    ],
)
def test_a_t_score_is_printed_as_a_report_prints_it(bmd: str, printed: str, found: Class) -> None:
    # Femoral neck, NHANES III women 20 to 29: mean 0.858, SD 0.120 g/cm2 (CLINICAL 8.2).
    t_score = print_t_score(Decimal(bmd), Decimal("0.858"), Decimal("0.120"))
    assert (t_score, classify_t_score(t_score)) == (Decimal(printed), found)


@pytest.mark.parametrize("bmd", ["0.744", "0.552"])
def test_floating_point_would_print_another_t_score(bmd: str) -> None:
    right = print_t_score(Decimal(bmd), Decimal("0.858"), Decimal("0.120"))
    assert Decimal(str(round((float(bmd) - 0.858) / 0.120, 1))) != right


def test_a_negative_without_the_spine_is_no_label() -> None:
    label = make_osteoporosis_label(*VECTORS["L13"][:2])
    assert (label.value, label.why) == (None, INCOMPLETE)


def test_a_positive_without_the_spine_is_one() -> None:
    assert make_osteoporosis_label(*VECTORS["L11"][:2]).value == 1


def test_a_label_made_by_the_forearm_says_so() -> None:
    assert make_osteoporosis_label(*VECTORS["L05"][:2]).from_forearm
    assert not make_osteoporosis_label(*VECTORS["L01"][:2]).from_forearm


def test_before_the_menopause_there_is_no_label() -> None:
    assert make_osteoporosis_label(*VECTORS["L08"][:2]).why == OTHER_SCALE


def test_a_man_under_fifty_has_no_t_score_label() -> None:
    assert judge_osteoporosis(Person("M", 49), read(FN="-3.0")) == Verdict(Class.USE_Z)


@pytest.mark.parametrize(("age_years", "found"), [(54, Class.NOT_EVALUABLE), (55, Class.OSTEOPOROSIS)])
def test_an_unrecorded_menopause_is_taken_as_past_only_from_55(age_years: int, found: Class) -> None:
    assert judge_osteoporosis(Person("F", age_years, "9"), read(LS="-2.6", FN="-2.0")).found is found


def test_without_any_reading_nothing_is_known() -> None:
    assert make_osteoporosis_label(WOMAN, []).why == NOT_KNOWN


def test_an_excluded_region_does_not_count() -> None:
    readings = [*read(LS="-1.0", TH="-0.8"), Reading("FN_L", Decimal("-3.3"), is_excluded=True)]
    assert judge_osteoporosis(WOMAN, readings).found is Class.NORMAL


def test_vertebrae_are_counted_by_their_own_lines_where_there_are_any() -> None:
    assert count_vertebrae(read(LS="-1.0")) == 4
    assert count_vertebrae(read(LS="-1.0") + ONE_VERTEBRA) == 1
    assert count_vertebrae([]) == 0


def test_a_label_never_shows_its_value_in_a_log() -> None:
    assert repr(make_osteoporosis_label(*VECTORS["L01"][:2])) == "Label(sealed)"
