"""From what is typed to what is kept, and back."""

from datetime import date
from typing import Any

import pytest

from cohort.crf.values import read_value, say_value, was_converted, write_value
from cohort.study.dictionary import load_dictionary

DICTIONARY = load_dictionary()
TODAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("variable", "typed", "kept", "shown"),
    [
        ("ht1", "162.5", 162.5, "162.5"),
        ("ht1", "162,5", 162.5, "162.5"),
        ("ht1", "162", 162.0, "162.0"),
        ("fal_12m", " 3 ", 3, "3"),
        ("dxa_bmd", "0.700", 0.7, "0.700"),
        ("ant_date", "15/6/26", "2026-06-15", "15/6/2026"),
        ("fxh_date", "1998", "1998", "1998"),
        ("fxh_date", "6/1998", "1998-06", "6/1998"),
        ("fxh_date", "15061998", "1998-06-15", "15/6/1998"),
        ("ae_start", "15/6/2026 14:30", "2026-06-15T14:30", "15/6/2026 14:30"),
        ("ae_start", "15/6/2026", "2026-06-15", "15/6/2026"),
        ("hand_dom", "R", "R", "R"),
        ("mh_detail", " in both hands ", "in both hands", "in both hands"),
        ("rsk_inputs", '{"age": 66}', '{"age": 66}', '{"age": 66}'),
        ("ht1", "", None, ""),
    ],
)
def test_what_is_typed_is_kept_and_shown_again(variable: str, typed: str, kept: Any, shown: str):
    field = DICTIONARY.field(variable)
    assert read_value(field, typed, TODAY) == kept
    assert write_value(field, kept) == shown


@pytest.mark.parametrize(
    ("variable", "typed", "words"),
    [
        ("ht1", "tall", "'tall' is not a number."),
        ("ht1", "162.53", "at most 1 decimal is wanted"),
        ("fal_12m", "2.5", "a whole number is wanted"),
        ("ant_date", "31/2/2026", "not a day of the calendar"),
        ("fxh_date", "13/1998", "not a month of the calendar"),
        ("ae_start", "15/6/2026 25:00", "not a time"),
        ("hand_dom", "X", "'X' is none of the answers."),
        ("rsk_inputs", "{", "This is not JSON."),
        ("mh_detail", "x" * 501, "longer than 500"),
        ("weight_kg", "5 ft 4 in", "is not a number"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(variable: str, typed: str, words: str):
    with pytest.raises(ValueError, match=words):
        read_value(DICTIONARY.field(variable), typed, TODAY)


def test_a_list_keeps_the_order_of_the_form_and_none_stands_alone():
    field = DICTIONARY.field("fxh_treated")
    assert read_value(field, ("4", "2"), TODAY) == ["2", "4"]
    assert read_value(field, (), TODAY) is None
    with pytest.raises(ValueError, match="'None' cannot stand beside"):
        read_value(field, ("1", "2"), TODAY)
    assert say_value(field, ["2", "4"]) == "cast, admitted"


def test_only_another_unit_is_kept_as_it_was_typed():
    field = DICTIONARY.field("weight_kg")
    assert was_converted(field, "11 st 4 lb")
    assert not was_converted(field, "71,7")
    assert not was_converted(DICTIONARY.field("mh_detail"), "11 st")
