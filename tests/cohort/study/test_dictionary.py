"""The dictionary, whole: every field loads, every list is written out, every outcome field is closed."""

import pytest

from cohort.crf.actions import NOT_HERE
from cohort.study.dictionary import FORM_TITLES, load_dictionary
from cohort.study.limits import Between, find_breach, parse_limits, span_of
from cohort.study.schedule import SCHEDULE, add_months, plan
from tests.cast import LONG_AGO

DICTIONARY = load_dictionary()
OPEN_LISTS = {"con_pis_ver", "con_form_ver", "lb_value"}


def test_all_393_fields_of_33_forms_load():
    assert len(list(DICTIONARY)) == 393
    assert list(DICTIONARY.forms) == list(FORM_TITLES)
    assert all(len(field.variable) <= 26 for field in DICTIONARY)


def test_every_question_with_answers_to_choose_has_them_written_out():
    without = {
        field.variable for field in DICTIONARY if field.type in {"enum", "multi", "yn", "ynu"} and not field.codes
    }
    assert without == OPEN_LISTS
    assert len(DICTIONARY.field("ethnic").codes) == 19
    assert len(DICTIONARY.field("fxh_site").codes) == 34
    assert DICTIONARY.field("fe_mech").codes == DICTIONARY.field("fxh_mech").codes
    assert [code.value for code in DICTIONARY.field("vf_level").codes] == [f"T{n}" for n in range(4, 13)] + [
        f"L{n}" for n in range(1, 5)
    ]


def test_no_code_stands_twice_and_each_has_words():
    for field in DICTIONARY:
        values = [code.value for code in field.codes]
        assert len(values) == len(set(values)), field.variable
        assert all(code.label for code in field.codes), field.variable


def test_words_of_a_code_may_hold_the_sign_that_parts_them():
    assert DICTIONARY.field("vf_sq").label_of("2") == ">25-40%"


@pytest.mark.parametrize("form", ["fxh", "dxa", "vfa", "fxe", "inc", "rsk", "lbl", "fup", "eos", "xrq"])
def test_a_form_that_tells_of_an_outcome_is_closed(form: str):
    assert DICTIONARY.form(form).is_closed


@pytest.mark.parametrize("form", ["dem", "ant", "fal", "fam", "lif", "rep", "mhx", "med", "gcs", "phy", "lab", "img"])
def test_a_form_that_tells_of_none_is_open(form: str):
    assert not DICTIONARY.form(form).is_closed


def test_every_question_of_a_fracture_or_a_bone_density_is_blind_to_its_task():
    assert all(field.blind == ("FX_FRAG",) for field in DICTIONARY.form("fxh").fields)
    assert all(field.blind == ("OP_WHO",) for field in DICTIONARY.form("dxa").fields)
    assert all(field.blind == ("FX_INC",) for field in DICTIONARY.form("fxe").fields)
    tells = [
        one for one in DICTIONARY if any(word in one.label.lower() for word in ("fracture", "t-score", "areal bmd"))
    ]
    others = {one.variable for one in tells if not one.blind and one.form not in NOT_HERE}
    # A parent's or sibling's fracture is no outcome of the participant.
    assert others == {"fam_par_hip_age", "fam_par_op", "fam_sib_op"}


def test_the_critical_fields_are_marked():
    critical = {field.variable for field in DICTIONARY if field.critical}
    assert {"dob", "sex", "dxa_bmd", "dxa_t", "fxh_site", "fe_date", "wd_level", "con_i_ai"} <= critical
    assert "alc_units_wk" not in critical


def test_an_unknown_variable_or_form_is_a_slip():
    with pytest.raises(KeyError):
        DICTIONARY.field("nothing")
    with pytest.raises(KeyError):
        DICTIONARY.form("xyz")


def test_a_form_repeats_where_one_visit_can_have_several_of_it():
    repeating = {form.code for form in DICTIONARY.forms.values() if form.is_repeating}
    assert {"fxh", "med", "mhx", "img", "dxa", "fxe"} <= repeating
    assert not {"dem", "ant", "fal", "lif", "phy", "fup", "eos"} & repeating


def test_every_form_of_the_schedule_is_one_that_is_filled_in():
    scheduled = {form for visit in SCHEDULE for form in (*visit.forms, *visit.when_needed)}
    assert scheduled == set(DICTIONARY.forms) - NOT_HERE


def test_visits_are_planned_from_the_baseline_on():
    days = {visit.code: found for visit, found in plan(LONG_AGO)}
    assert list(days) == ["BL", "BLI", "FU06", "FU12", "FU18", "FU24", "EOS"]
    assert str(days["FU06"].due_on) == "2020-07-01"
    assert (days["FU06"].due_on - days["FU06"].opens_on).days == 28
    assert (days["FU06"].closes_on - days["FU06"].due_on).days == 56
    assert (days["BLI"].closes_on - days["BLI"].opens_on).days == 30


def test_a_month_that_lacks_the_day_ends_earlier():
    assert str(add_months(LONG_AGO.replace(month=8, day=31), 6)) == "2021-02-28"


def breach(text: str, value: object, **known: str) -> str:
    return find_breach(parse_limits(text, is_hard=True), value, known)


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("120-220", [120, 220.0, 162.5], [119.9, 220.1]),
        ("-3-20", [-3, 20], [-3.1, 20.1]),
        ("-5 to 15", [-5, 15], [-5.1]),
        ("> 0", [0.1], [0, -1]),
        ("110 or 168", [110, 168], [111]),
        ("0", [0.0], [0.1]),
        ("64 hex", ["a" * 64], ["a" * 63, "z" * 64]),
    ],
)
def test_a_range_holds_both_its_ends(text: str, good: list[object], bad: list[object]):
    assert not any(breach(text, value) for value in good)
    assert all(breach(text, value) for value in bad)


def test_a_day_known_in_part_breaks_a_limit_only_where_it_does_for_certain():
    known = {"visit": "2026-06-15", "dob": "1950"}
    for inside in ("2026", "2026-06", "2026-06-15", "1950"):
        assert not breach("<= visit; >= dob", inside, **known), inside
    assert breach("<= visit; >= dob", "2026-06-16", **known) == "This day must be not after the visit."
    assert breach("<= visit; >= dob", "2027", **known)
    assert breach("<= visit; >= dob", "1949", **known) == "This day must be not before the birth."
    assert not breach("> baseline date", "2026-06", baseline="2026-06-10")
    assert breach("> baseline date", "2026-06-10", baseline="2026-06-10")


def test_a_limit_on_what_nobody_knows_breaks_nothing():
    assert not breach("<= visit", "2030-01-01")
    assert not breach("by ROI table", 9.0)


def test_the_limits_of_a_bone_density_hang_on_the_region():
    assert not breach("by ROI table", 0.3, dxa_roi="R_UD")
    assert breach("by ROI table", 0.05, dxa_roi="R_UD") == "0.05 is not from 0.10 to 0.90."
    assert breach("by ROI table", 0.2, dxa_roi="LS_L3") == "0.2 is not from 0.30 to 2.20."


def test_a_year_lies_between_childhood_and_the_visit():
    known = {"dob": "1950", "visit": "2026-06-15"}
    assert not breach("dob year+8..visit year", 1958, **known)
    assert breach("dob year+8..visit year", 1957, **known)
    assert not breach("dob year+8..visit year", 2026, **known)
    assert breach("dob year+8..visit year", 2027, **known)


def test_a_range_nobody_can_read_is_a_slip():
    with pytest.raises(ValueError, match="no range that can be read"):
        parse_limits("about 5", is_hard=True)


def test_every_number_has_its_hard_range_around_the_soft_one():
    for field in DICTIONARY:
        for hard, soft in zip(field.hard, field.soft, strict=False):
            if isinstance(hard, Between) and isinstance(soft, Between):
                assert hard.lowest <= soft.lowest <= soft.highest <= hard.highest, field.variable


def test_a_part_of_a_day_is_a_span():
    assert [str(day) for day in span_of("2024-02")] == ["2024-02-01", "2024-02-29"]
    assert [str(day) for day in span_of("2024")] == ["2024-01-01", "2024-12-31"]
