"""Every variable is classified for every task: all fields of the forms, every measurement, every public column."""

import csv
import gzip
from pathlib import Path

import pytest

from cohort.datasets.sources import NHANES, load_public_table
from cohort.study.dictionary import load_dictionary
from modelling.engine.training.admissible import (
    FX_FRAG,
    FX_INC,
    FX_WRIST_PAST,
    OP_WHO,
    TASKS,
    Use,
    classify,
    list_rulings,
    list_variables,
)
from modelling.engine.training.fields import ANSWERS, FIELDS_OF_FORM, NHANES_COLUMNS

SHIPPED = Path(__file__).parents[2] / "cohort" / "exchange" / "data" / "nhanes_fracture_history.csv.gz"


def inputs_of(task: str) -> set[str]:
    return {variable for _, variable, ruling in list_rulings(task) if ruling.use is Use.INPUT}


def labels_of(task: str) -> set[str]:
    return {variable for _, variable, ruling in list_rulings(task) if ruling.use is Use.LABEL}


def test_each_field_of_the_dictionary_stands_in_the_table_and_no_other() -> None:
    fields = {form.code: [field.variable for field in form.fields] for form in load_dictionary().forms.values()}
    assert sum(map(len, fields.values())) == 393
    assert {form: names.split() for form, names in FIELDS_OF_FORM.items()} == fields


def test_each_column_of_the_public_table_stands_in_the_table_and_no_other() -> None:
    with gzip.open(SHIPPED, "rt", encoding="utf-8", newline="") as stream:
        in_file = next(csv.reader(stream))
    mapped = load_public_table(NHANES).columns
    assert [one.name for one in mapped if not one.is_made] == in_file
    assert NHANES_COLUMNS.split() == [one.name for one in mapped]


@pytest.mark.parametrize("task", TASKS)
def test_every_variable_is_classified_with_a_reason(task: str) -> None:
    for variable in list_variables():
        ruling = classify(task, variable)
        assert ruling.use in Use
        assert len(ruling.reason) > 5, variable


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_something_to_predict(task: str) -> None:
    assert labels_of(task)


def test_an_unclassified_variable_is_an_error_and_not_an_input() -> None:
    with pytest.raises(ValueError, match="'shoe_size' is classified for no task"):
        classify(OP_WHO, "shoe_size")
    with pytest.raises(ValueError, match="'OP_MAYBE' is no task"):
        classify("OP_MAYBE", "age_y")


def test_osteoporosis_is_not_learned_from_central_dxa_or_tools_that_hold_it() -> None:
    forbidden = {"dxa_bmd", "dxa_t", "dxa_z", "rsk_mof10", "rsk_hip10", "rsk_bmd_val", "vf_sq", "if_type"}
    assert not forbidden & inputs_of(OP_WHO)
    assert {"image.film", "image.dxa", "image.pqct", "dxa.abmd_ud", "dxa.abmd_33", "fxh_site"} <= inputs_of(OP_WHO)


def test_a_past_fracture_is_not_learned_from_what_tells_of_it() -> None:
    forms = ("fxh", "rsk", "inc", "vfa", "fxe", "lbl")
    told = {variable for form in forms for variable in FIELDS_OF_FORM[form].split()}
    assert not told & inputs_of(FX_FRAG)
    assert "xr_old_fx" not in inputs_of(FX_FRAG)


def test_a_past_fracture_is_not_learned_from_the_medicine_it_was_followed_by() -> None:
    for code in ("zoledronate", "bisphosphonate_po", "denosumab", "teriparatide", "strontium", "calcitonin"):
        ruling = classify(FX_FRAG, f"med_class@{code}")
        assert (ruling.use, ruling.reason) == (Use.FORBIDDEN, "often begun after the fracture and because of it")
        assert classify(FX_INC, f"med_class@{code}").use is classify(OP_WHO, f"med_class@{code}").use is Use.INPUT
    assert classify(FX_FRAG, "med_class@ppi").use is Use.INPUT


def test_each_answer_ruled_on_by_itself_is_one_of_its_list() -> None:
    lists = {field.variable: field.codes for form in load_dictionary().forms.values() for field in form.fields}
    for answer in " ".join(ANSWERS.values()).split():
        variable, _, code = answer.partition("@")
        assert code in [one.value for one in lists[variable]], answer


def test_a_later_fracture_may_be_learned_from_past_ones_and_from_nothing_later() -> None:
    assert {"fxh_any", "fxh_site", "fxh_age"} <= inputs_of(FX_INC)
    later = {variable for form in ("fup", "fxe", "eos", "aev") for variable in FIELDS_OF_FORM[form].split()}
    assert not later & inputs_of(FX_INC)


def test_the_public_task_learns_from_no_other_fracture_and_no_diagnosis() -> None:
    assert inputs_of(FX_WRIST_PAST) == {
        "RIAGENDR", "RIDAGEYR", "AGE_TOP_CODED", "RIDRETH3", "BMXWT", "BMXHT", "BMXBMI", "SMQ020", "SMQ040", "OSQ130",
        "OSQ150", "OSQ170", "OSQ200",
    }  # fmt: skip
    assert labels_of(FX_WRIST_PAST) - {"OSQ010B"} == set()


def test_public_columns_are_inputs_of_no_task_of_the_cohort() -> None:
    for task in set(TASKS) - {FX_WRIST_PAST}:
        assert not set(NHANES_COLUMNS.split()) & inputs_of(task)


def test_nothing_that_identifies_dates_or_tells_the_draw_is_an_input_anywhere() -> None:
    never = {"dob", "pt_set", "lb_final", "con_date", "vis_date", "img_date", "img_device", "med_start", "SEQN"}
    for task in TASKS:
        assert not never & inputs_of(task)


def test_forearm_targets_are_not_read_from_the_image_they_come_from() -> None:
    for task in ("ABMD_UD", "ABMD_33", "T_33"):
        assert not {"image.dxa", "dxa.abmd_ud", "dxa.abmd_33"} & inputs_of(task)
        assert "image.film" in inputs_of(task)
    assert "image.pqct" not in inputs_of("PQCT_INDICES")
