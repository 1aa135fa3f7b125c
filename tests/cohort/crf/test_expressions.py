"""Conditions of the dictionary: read, answered, and the same in the browser (frontend/tests/branching.test.mjs)."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort.crf.branching import find_hidden
from cohort.crf.expressions import SIGNS, BadExpression, Node, holds, list_variables, parse
from cohort.study.dictionary import load_dictionary

ROOT = Path(__file__).resolve().parents[3]
CASES = json.loads((ROOT / "frontend/tests/branching-cases.json").read_text())
DICTIONARY = load_dictionary()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['show_if']} {case['answers']}")
def test_a_condition_is_answered_as_the_browser_answers_it(case: dict[str, Any]):
    assert holds(parse(case["show_if"]), case["answers"]) is case["holds"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['show_if']} {case['answers']}")
def test_the_tree_the_browser_gets_is_the_one_that_is_read_here(case: dict[str, Any]):
    trees = json.loads((ROOT / "frontend/tests/branching-trees.json").read_text())
    assert trees[case["show_if"]] == json.loads(json.dumps(parse(case["show_if"])))


def test_every_condition_of_the_dictionary_is_read_and_looks_at_questions_that_exist():
    known = {field.variable for field in DICTIONARY}
    n_conditions = 0
    for field in DICTIONARY:
        if field.show_if:
            assert set(list_variables(parse(field.show_if))) <= known, field.variable
            n_conditions += 1
    assert n_conditions == 75


@pytest.mark.parametrize(
    "text", ["", "[a]", "[a]=", "='1'", "[a]='1' and", "([a]='1'", "[a]='1')", "import os", "[a]='1' ; x", "abs([a]"]
)
def test_what_cannot_be_read_is_refused(text: str):
    with pytest.raises(BadExpression):
        parse(text)


names = st.sampled_from(["a", "b", "c"])
values = st.one_of(
    names.map(lambda name: (f"[{name}]", ("answer", name))),
    st.integers(0, 99).map(lambda n: (str(n), ("number", str(n)))),
    st.sampled_from(["F", "9", ""]).map(lambda text: (f"'{text}'", ("text", text))),
)
compared = st.tuples(values, st.sampled_from(SIGNS), values).map(
    lambda one: (f"{one[0][0]} {one[1]} {one[2][0]}", (one[1], one[0][1], one[2][1]))
)
conditions = st.recursive(
    compared,
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
        lambda one: (f"({one[0][0]}) {one[1]} ({one[2][0]})", (one[1], one[0][1], one[2][1]))
    ),
    max_leaves=6,
)
answers = st.dictionaries(names, st.one_of(st.integers(0, 99), st.sampled_from(["F", "9", "", None])))


@given(conditions)
def test_a_written_condition_is_read_as_it_was_built(condition: tuple[str, Node]):
    text, tree = condition
    assert parse(text) == tree


@given(conditions, answers)
def test_every_condition_has_an_answer_whatever_was_answered(
    condition: tuple[str, Node], given_answers: dict[str, Any]
):
    assert holds(condition[1], given_answers) in {True, False}


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_and_nothing_else_happens(text: str):
    with suppress(BadExpression):
        assert parse(text)[0] in {*SIGNS, "and", "or"}


def test_what_hangs_on_a_question_that_is_not_asked_is_not_asked():
    form = DICTIONARY.form("fxh")
    questions = {field.variable for field in form.fields if field.type != "calc"}
    assert find_hidden(form, {"fxh_any": "0"}, {}) >= questions - {"fxh_any"}
    answers_before = {"fxh_any": "0", "fxh_site": "spine", "fxh_mech": "fall"}
    assert find_hidden(form, answers_before, {}) >= {"fxh_vlevel", "fxh_height"}
    shown = questions - find_hidden(form, {**answers_before, "fxh_any": "1"}, {})
    assert {"fxh_vlevel", "fxh_height", "fxh_date"} <= shown
    assert "fxh_side" not in shown


def test_a_condition_may_look_at_another_form():
    form = DICTIONARY.form("rep")
    assert "menarche" in find_hidden(form, {}, {"sex": "M"})
    assert "menarche" not in find_hidden(form, {}, {"sex": "F"})
