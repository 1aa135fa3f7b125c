"""What the forms work out, by the worked examples of CLINICAL 8 and 1.7."""

from datetime import date
from typing import Any

import pytest

from cohort.crf import calculations as calc
from cohort.crf.actions import NOT_HERE
from cohort.crf.calculations import CALCULATIONS, ELSEWHERE, Known, calculate
from cohort.crf.checks import RULES, find_broken
from cohort.crf.converters import convert
from cohort.crf.fractures import is_after_50, is_major, judge_fragility
from cohort.crf.scores import add_sppb, estimate_gfr, find_best_grip, find_gait_speed, score_chair, score_walk
from cohort.enrolment.services import completed_years
from cohort.study.dictionary import load_dictionary

NOBODY = Known()
DICTIONARY = load_dictionary()


@pytest.mark.parametrize(
    ("weight", "height", "bmi"), [(55, 160, 21.5), (70, 170, 24.2), (82.4, 175.5, 26.8), (45, 158, 18.0)]
)
def test_body_mass_index(weight: float, height: float, bmi: float):
    # CLINICAL 8.1.
    assert calc.bmi({"weight_kg": weight, "ht1": height, "ht2": height}, NOBODY) == bmi


def test_the_height_is_the_mean_of_the_closest_pair():
    assert calc.height_cm({"ht1": 160.1, "ht2": 160.4}, NOBODY) == 160.25
    assert calc.height_cm({"ht1": 160.0, "ht2": 161.0, "ht3": 160.8}, NOBODY) == 160.9
    assert calc.height_cm({"ht1": 160.0, "ht2": 161.0, "ht3": 162.0}, NOBODY) == 161.0
    assert calc.height_cm({"ht1": 160.0}, NOBODY) is None


def test_height_loss_is_exact():
    # CLINICAL 8.9; floating point gives 5.199999999999989.
    assert calc.ht_loss({"ht_recall": 165.0, "ht1": 159.8, "ht2": 159.8}, NOBODY) == 5.2


def test_pack_years():
    assert calc.smk_packyr({"smk_status": "1", "smk_cpd": 15, "smk_years": 32}, NOBODY) == 24.0
    assert calc.smk_packyr({"smk_status": "0"}, NOBODY) == 0.0
    assert calc.smk_packyr({"smk_status": "2", "smk_cpd": 15}, NOBODY) is None


@pytest.mark.parametrize(("units", "answer"), [(21, "1"), (20.9, "0"), (0, "0"), (None, None)])
def test_twenty_one_units_a_week_are_three_a_day(units: float | None, answer: str | None):
    assert calc.alc_frax({"alc_units_wk": units}, NOBODY) == answer


@pytest.mark.parametrize(
    ("name", "dose", "equivalent"),
    [("hydrocortisone", 30, 7.5), ("dexamethasone", 1, 6.67), ("methylprednisolone", 8, 10.0), ("deflazacort", 6, 5.0)],
)
def test_prednisolone_equivalents(name: str, dose: float, equivalent: float):
    # CLINICAL 8.9.
    answers = {"med_name": name, "med_dose": dose, "med_unit": "mg", "med_freq": 1, "med_period": "d"}
    assert calc.med_pred_eq(answers, NOBODY) == equivalent
    assert calc.med_pred_eq({**answers, "med_unit": "puff"}, NOBODY) is None


@pytest.mark.parametrize(
    ("roi", "bmd", "t_score"),
    [
        ("FN_L", 0.858, 0.0),
        ("FN_L", 0.744, -1.0),
        ("FN_R", 0.738, -1.0),
        ("FN_L", 0.564, -2.5),
        ("FN_L", 0.552, -2.6),
        ("TH_L", 0.820, -1.0),
        ("TH_R", 0.700, -2.0),
        ("TH_L", 0.637, -2.5),
    ],
)
def test_a_t_score_is_recomputed_on_the_hologic_scale_alone(roi: str, bmd: float, t_score: float):
    # CLINICAL 8.2; floating point prints -0.9 for 0.744 and -2.5 for 0.552.
    answers = {"dxa_roi": roi, "dxa_bmd": bmd, "dxa_ref": "Hologic, NHANES III white female"}
    assert calc.dxa_t_calc(answers, NOBODY) == t_score
    assert calc.dxa_t_calc({**answers, "dxa_ref": "GE USA combined"}, NOBODY) is None
    assert calc.dxa_t_calc({**answers, "dxa_roi": "R_33"}, NOBODY) is None


def test_pqct_strength_index_and_vertebral_loss():
    # CLINICAL 8.9 prints 33.64; 33.635 rounded half away from zero. 8.5: 25 to 20 is exactly 20 %.
    assert calc.pq_bsi({"pq_tot_a": 350, "pq_tot_den": 310}, NOBODY) == 33.64
    assert calc.vf_loss({"vf_h_ant": 20, "vf_h_mid": 22, "vf_h_post": 25}, NOBODY) == 20.0


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("1975-06-15", "2025-06-14", 49),
        ("1975-06-15", "2025-06-15", 50),
        ("1956-02-29", "2025-02-28", 68),
        ("1956-02-29", "2025-03-01", 69),
    ],
)
def test_ages_in_completed_years(born: str, day: str, age: int):
    # CLINICAL 8.9.
    assert completed_years(date.fromisoformat(born), date.fromisoformat(day)) == age


@pytest.mark.parametrize(
    ("site", "mechanism", "height", "verdict"),
    [
        ("radius_distal", "fall", "0", "1"),
        ("radius_distal", "fall", "2", "8"),
        ("radius_distal", "fall", "3", "8"),
        ("ankle", "fall", "4", "0"),
        ("spine", "lift", "", "1"),
        ("toe", "fall", "0", "0"),
        ("hip_neck", "fall", "1", "1"),
        ("rib", "cough", "", "1"),
        ("radius_distal", "sport", "", "0"),
        ("humerus_prox", "fall", "", "9"),
        ("hip_troch", "seizure", "", "8"),
        ("hip_troch", "unk", "", "9"),
        ("skull", "spont", "", "0"),
    ],
)
def test_fragility_by_rule(site: str, mechanism: str, height: str, verdict: str):
    # CLINICAL 1.7 and the vectors of 8.11.
    assert judge_fragility(site, mechanism, height) == verdict


def test_whether_a_chair_counts_is_the_studys_to_say():
    assert judge_fragility("hip_neck", "fall", "1", chair_counts=False) == "0"


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"fxh_age": 50}, "1"),
        ({"fxh_age": 49}, "0"),
        ({"fxh_date": "2001"}, "1"),
        ({"fxh_date": "2000"}, "9"),
        ({"fxh_date": "1999-12-31"}, "0"),
        ({}, "9"),
    ],
)
def test_at_fifty_or_later_as_far_as_the_years_tell(answers: dict[str, Any], verdict: str):
    assert is_after_50({"fxh_any": "1", **answers}, 1950) == verdict
    assert is_after_50({"fxh_any": "0", **answers}, 1950) is None


def test_major_sites_are_hip_spine_forearm_and_proximal_humerus():
    assert [is_major(site) for site in ("hip_neck", "spine", "radius_distal", "humerus_prox")] == ["1"] * 4
    assert [is_major(site) for site in ("ankle", "rib", "humerus_shaft", "femur_shaft")] == ["0"] * 4
    assert is_major(None) is None


def test_performance_battery():
    # CLINICAL 8.9: balance 3, walk 3, chair 2.
    answers = {"bal_side": 10, "bal_semi": 10, "bal_tan": 7.2, "gait_m": "4", "gait_s1": 5.0, "chair_s": 14.2}
    assert add_sppb(answers) == 8
    assert add_sppb({**answers, "chair_s": None}) is None
    assert add_sppb({**answers, "chair_s": None, "phy_notdone": "1"}) == 6
    assert score_walk(calc.Decimal("4.70"), "4") == 4
    assert score_walk(calc.Decimal("4.70"), "3") == 2
    assert score_walk(calc.Decimal("4.70"), "6") is None


@pytest.mark.parametrize(("seconds", "points"), [("11.19", 4), ("11.20", 3), ("13.70", 2), ("16.70", 1), ("60.01", 0)])
def test_chair_stands(seconds: str, points: int):
    # CLINICAL 2.6.
    assert score_chair(calc.Decimal(seconds)) == points


def test_grip_and_gait():
    assert find_best_grip({"grip_l1": 20.5, "grip_r2": 24.0}) == 24.0
    assert find_best_grip({}) is None
    assert find_gait_speed({"gait_m": "4", "gait_s1": 5.2, "gait_s2": 5.0}) == 0.8


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "rate"),
    [(70.72, 70, "M", 90.5), (70.72, 70, "F", 74.7), (106.08, 65, "F", 47.4), (80, 70, "F", 64.4)],
)
def test_kidney_function_by_the_equation_of_2009(creatinine: float, age: int, sex: str, rate: float):
    # CLINICAL 8.7: 0.8 mg/dL is 70.72 umol/L, 1.2 is 106.08.
    assert estimate_gfr({"lab_creat": creatinine}, sex, age) == rate


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("11 st 4 lb", "kg", "71.7"),
        ("11st", "kg", "69.9"),
        ("158 lb", "kg", "71.7"),
        ("5 ft 4 in", "cm", "162.6"),
        ("5'4\"", "cm", "162.6"),
        ("1.62 m", "cm", "162.0"),
        ("30 ng/mL", "nmol/L", "74.9"),
        ("10 ug", "IU/d", "400.0"),
        ("5 ft 4 in", "kg", "None"),
    ],
)
def test_other_units_are_converted(typed: str, unit: str, value: str):
    assert str(convert(typed, unit, 1)) == value


def test_every_calculated_field_is_worked_out_or_has_its_reason():
    wanted = {field.variable for field in DICTIONARY if field.type == "calc"}
    assert set(CALCULATIONS) | set(ELSEWHERE) == wanted
    assert not set(CALCULATIONS) & set(ELSEWHERE)
    assert all(DICTIONARY.field(name).form not in NOT_HERE for name in CALCULATIONS)


def test_nothing_is_worked_out_from_nothing():
    given = {"sex": "F"}
    assert calculate(list(CALCULATIONS), given, NOBODY) == {}


def test_the_side_of_the_protocol_is_the_one_not_dominant():
    right_handed = Known(others={"hand_dom": "R"})
    assert calc.img_protocol_side({}, right_handed) == "L"
    assert calc.img_side_dom({"img_side": "R"}, right_handed) == "D"
    assert calc.img_side_dom({"img_side": "L"}, right_handed) == "N"


def test_every_rule_stands_at_a_question_of_its_form():
    for rule in RULES:
        names = {field.variable for field in DICTIONARY.form(rule.form).fields}
        assert {rule.at, *rule.rests_on} <= names, rule.key


BROKEN: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("Q04", "ant", {"ht1": 160.0, "ht2": 160.6}, {"ht1": 160.0, "ht2": 160.5}),
    ("Q05", "ant", {"ht1": 162.1, "ht2": 162.1}, {"ht1": 162.0, "ht2": 162.0}),
    ("Q06", "ant", {"weight_kg": 66.1}, {"weight_kg": 66.0}),
    ("arms", "ant", {"forearm_l": 24.0, "forearm_r": 25.6}, {"forearm_l": 24.0, "forearm_r": 25.5}),
    ("Q08", "rep", {"meno_age": 67}, {"meno_age": 66}),
    ("Q09", "fxh", {"fxh_age": 56, "fxh_date": "2010"}, {"fxh_age": 57, "fxh_date": "2010"}),
    ("Q10", "fxe", {"fe_date": "2026-01-10"}, {"fe_date": "2026-01"}),
    ("Q11", "fal", {"fal_12m": 1, "fal_inj": 2}, {"fal_12m": 2, "fal_inj": 2}),
    ("Q13", "lif", {"smk_status": "0", "smk_cpd": 5}, {"smk_status": "0", "smk_cpd": 0}),
    ("smoked", "lif", {"smk_years": 58.5}, {"smk_years": 58}),
    ("grips", "phy", {"grip_l1": 20.0, "grip_l2": 30.5}, {"grip_l1": 20.0, "grip_r1": 30.5}),
    (
        "Q18",
        "dxa",
        {"dxa_roi": "FN_L", "dxa_bmd": 0.558, "dxa_t": -2.2, "dxa_ref": "Hologic NHANES"},
        {"dxa_roi": "FN_L", "dxa_bmd": 0.558, "dxa_t": -2.4, "dxa_ref": "Hologic NHANES"},
    ),
    (
        "Q19",
        "dxa",
        {"dxa_bmd": 0.700, "dxa_bmc": 3.60, "dxa_area": 5.00},
        {"dxa_bmd": 0.700, "dxa_bmc": 3.51, "dxa_area": 5.00},
    ),
    (
        "Q22",
        "hrp",
        {"hr_tt_vbmd": 90, "hr_tb_vbmd": 100, "hr_ct_vbmd": 870},
        {"hr_tt_vbmd": 240, "hr_tb_vbmd": 100, "hr_ct_vbmd": 870},
    ),
    ("Q27", "img", {"img_attempts": 2}, {"img_attempts": 2, "img_repeat_why": "1"}),
    (
        "ends",
        "aev",
        {"ae_start": "2026-01-02", "ae_end": "2026-01-01"},
        {"ae_start": "2026-01-01", "ae_end": "2026-01-02"},
    ),
    ("hips", "rsk", {"rsk_mof10": 10.0, "rsk_hip10": 11.0}, {"rsk_mof10": 10.0, "rsk_hip10": 10.0}),
]


@pytest.mark.parametrize(("key", "form", "bad", "good"), BROKEN, ids=[one[0] for one in BROKEN])
def test_a_rule_is_broken_on_one_side_of_its_limit_alone(
    key: str, form: str, bad: dict[str, Any], good: dict[str, Any]
):
    known = Known(
        sex="F",
        age_y=66,
        birth_year=1951,
        imaged_on=date(2026, 1, 10),
        others={"before.height_cm": 160.0, "before.weight_kg": 60.0},
    )
    assert key in {rule.key for rule in find_broken(form, bad, known)}
    assert key not in {rule.key for rule in find_broken(form, good, known)}


def test_every_rule_has_its_example():
    assert {one[0] for one in BROKEN} == {rule.key for rule in RULES}
