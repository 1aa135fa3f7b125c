"""Research codes: every single wrong character and every swap of neighbours is caught."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.ids import ALPHABET, check_character, make_code, normalise_code

NUMBERS = st.integers(1, 999_999)


def test_the_check_character_of_the_standard() -> None:
    # ISO/IEC 7064:2003, hybrid system MOD 37,36; worked example A12425GABC1234002 → M (Global Release Identifier).
    assert check_character("A12425GABC1234002") == "M"


def test_a_code_as_it_is_written() -> None:
    assert make_code("EXB", 42).startswith("EXB-0042-")


@given(NUMBERS)
def test_what_is_made_is_accepted(number: int) -> None:
    code = make_code("EXB", number)
    assert normalise_code(f" {code.lower()} ") == code


@given(NUMBERS, st.data())
def test_one_wrong_character_is_caught(number: int, data: st.DataObject) -> None:
    code = make_code("EXB", number)
    place = data.draw(st.sampled_from([at for at, character in enumerate(code) if character != "-"]))
    pool = "0123456789" if code[place].isdigit() and place < len(code) - 1 else ALPHABET
    wrong = data.draw(st.sampled_from([one for one in pool if one != code[place]]))
    with pytest.raises(ValueError, match=r"is not a participant code|check character does not fit"):
        normalise_code(code[:place] + wrong + code[place + 1 :])


@given(NUMBERS, st.data())
def test_two_swapped_digits_are_caught(number: int, data: st.DataObject) -> None:
    code = make_code("EXB", number)
    places = [at for at in range(4, len(code) - 3) if code[at] != code[at + 1]]
    if not places:
        return
    at = data.draw(st.sampled_from(places))
    with pytest.raises(ValueError, match="check character does not fit"):
        normalise_code(code[:at] + code[at + 1] + code[at] + code[at + 2 :])


@pytest.mark.parametrize("number", [0, 1_000_000])
def test_numbers_out_of_range(number: int) -> None:
    with pytest.raises(ValueError, match="lies between 1 and 999999"):
        make_code("EXB", number)


def test_a_prefix_of_small_letters() -> None:
    with pytest.raises(ValueError, match="2 to 5 capital letters, not 'exb'"):
        make_code("exb", 1)
