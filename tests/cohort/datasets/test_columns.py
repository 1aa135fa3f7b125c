"""Columns of a snapshot: which a field gives, what an answer gives in them, and what is left out."""

import pytest

from cohort.datasets.columns import CATEGORY, FLAG, NUMBER, Asked, Column, choose_columns, make_columns, value_of
from cohort.datasets.folding import fold_rows

YESNO = ("1", "0")


def ask(variable: str, kind: str, codes: tuple[str, ...] = (), form: str = "ant", *, is_closed: bool = False) -> Asked:
    return Asked(variable, form, variable, kind, "cm", codes, is_closed)


@pytest.mark.parametrize(
    ("field", "kinds"),
    [
        (ask("height_cm", "calc"), [("height_cm", NUMBER)]),
        (ask("ht1", "dec1"), [("ht1", NUMBER)]),
        (ask("fal_12m", "int"), [("fal_12m", NUMBER)]),
        (ask("vape", "yn", YESNO), [("vape", FLAG)]),
        (ask("gc_now", "ynu", ("1", "0", "9")), [("gc_now", FLAG)]),
        (ask("alc_frax", "calc", YESNO), [("alc_frax", FLAG)]),
        (ask("meno_early", "calc", ("1", "0", "9")), [("meno_early", FLAG)]),
        (ask("smk_status", "enum", ("0", "1", "2")), [("smk_status", CATEGORY)]),
        (ask("ant_cond", "multi", ("1", "2")), [("ant_cond@1", FLAG), ("ant_cond@2", FLAG)]),
        (ask("mh_cond", "enum", ("ra", "sle"), "mhx"), [("mh_cond@ra", FLAG), ("mh_cond@sle", FLAG)]),
        (ask("mh_present", "enum", ("1", "0"), "mhx"), []),
        (ask("med_name", "text", (), "med"), []),
        (ask("residence", "enum", ()), []),
    ],
)
def test_a_field_gives_columns_by_its_type(field: Asked, kinds: list[tuple[str, str]]) -> None:
    assert [(one.name, one.kind) for one in make_columns(field)] == kinds


def test_what_is_measured_at_several_sites_gives_a_column_for_each() -> None:
    names = [one.name for one in make_columns(ask("pq_tot_den", "dec1", (), "pqc"), ("4", "33"))]
    assert names == ["pq_tot_den@4", "pq_tot_den@33"]


def test_unknown_is_missing_and_never_no() -> None:
    column = Column("gc_now", FLAG)
    assert [value_of(column, {"gc_now": given}) for given in ("1", "0", "9", None, "")] == [1, 0, None, None, None]
    assert value_of(column, {}) is None


def test_a_list_of_answers_is_a_flag_for_each_code() -> None:
    assert value_of(Column("ant_cond@1", FLAG), {"ant_cond": ["1", "4"]}) == 1
    assert value_of(Column("ant_cond@2", FLAG), {"ant_cond": ["1", "4"]}) == 0
    assert value_of(Column("ant_cond@2", FLAG), {}) is None


def test_a_code_that_is_not_on_the_list_is_missing() -> None:
    column = Column("smk_status", CATEGORY, codes=("0", "1", "2"))
    assert [value_of(column, {"smk_status": given}) for given in ("2", 2, "7")] == ["2", "2", None]


def test_conditions_become_flags_and_unknown_ones_stay_out() -> None:
    rows = [
        {"mh_cond": "ra", "mh_present": "1"},
        {"mh_cond": "sle", "mh_present": "0"},
        {"mh_cond": "dm1", "mh_present": "9"},
    ]
    assert fold_rows("mhx", rows) == {"mh_cond@ra": "1", "mh_cond@sle": "0"}


def test_medicines_become_their_classes() -> None:
    folded = fold_rows("med", [{"med_class": "ppi", "med_name": "omeprazole"}, {"med_class": "ssri"}])
    assert folded == {"med_class": ["ppi", "ssri"]}
    assert fold_rows("med", []) == {}


def test_scan_sites_stand_apart() -> None:
    folded = fold_rows("pqc", [{"pq_site": "4", "pq_tot_den": 301.0}, {"pq_site": "33", "pq_tot_den": 700.0}])
    assert folded == {"pq_tot_den@4": 301.0, "pq_tot_den@33": 700.0}


def test_of_another_form_the_first_answer_counts() -> None:
    assert fold_rows("fal", [{"fal_12m": 1}, {"fal_12m": 2, "fal_inj": 1}]) == {"fal_12m": 1, "fal_inj": 1}


def test_what_is_left_out_has_its_reason() -> None:
    fields = [
        ask("weight_kg", "dec1"),
        ask("ant_date", "date"),
        ask("dxa_t", "dec1", (), "dxa", is_closed=True),
        ask("fxh_age", "int", (), "fxh", is_closed=True),
    ]
    chosen, left_out = choose_columns("OP_WHO", fields, None)
    assert [one.name for one in chosen] == ["weight_kg"]
    assert {one.name: one.reason for one in left_out} == {
        "ant_date": "a date; nothing dated enters a snapshot",
        "dxa_t": "the label: hip and spine T-scores make the label",
        "fxh_age": "lies in the closed schema, so it could not be read for test participants",
    }


def test_what_was_not_asked_for_is_left_out_and_said() -> None:
    fields = [ask("weight_kg", "dec1"), ask("height_cm", "calc")]
    chosen, left_out = choose_columns("OP_WHO", fields, ["weight_kg"])
    assert [one.name for one in chosen] == ["weight_kg"]
    assert [(one.name, one.reason) for one in left_out] == [("height_cm", "not asked for")]


def test_a_measured_quantity_that_is_the_target_is_refused_by_its_whole_name() -> None:
    fields = [Asked("pqct.total_density@4", "pqct", "Total density", "dec", "mg HA/cm3", (), is_closed=False)]
    assert [one.name for one in choose_columns("OP_WHO", fields, None)[0]] == ["pqct.total_density@4"]
    with pytest.raises(ValueError, match=r"'pqct\.total_density@4' cannot be a column for PQCT_INDICES: the t"):
        choose_columns("PQCT_INDICES", fields, ["pqct.total_density@4"])


def test_a_column_this_study_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="'lab_ctx' cannot be a column for OP_WHO: nothing of this study gives it"):
        choose_columns("OP_WHO", [ask("weight_kg", "dec1")], ["lab_ctx"])


def test_one_answer_that_tells_of_the_outcome_is_left_out_and_the_others_stay() -> None:
    field = ask("med_class", "multi", ("ppi", "zoledronate"), "med")
    for task, names in (("OP_WHO", ["med_class@ppi", "med_class@zoledronate"]), ("FX_FRAG", ["med_class@ppi"])):
        chosen, left_out = choose_columns(task, [field], None)
        assert [one.name for one in chosen] == names
        assert len(left_out) == 2 - len(names)
    with pytest.raises(ValueError, match="med_class@zoledronate"):
        choose_columns("FX_FRAG", [field], ["med_class@zoledronate"])
