"""Canonical JSON: the vectors of RFC 8785, what it refuses, and that one value has one text."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.proof import jcs

# RFC 8785, appendix B: the bits of a double and its text.
APPENDIX_B = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-jcs.LARGEST_INTEGER, jcs.LARGEST_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(("bits", "text"), APPENDIX_B)
def test_a_number_is_written_as_in_appendix_b(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert jcs.dumps(number) == text.encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_json_does_not_have_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="no NaN and no infinity"):
        jcs.dumps(number)


def test_the_sample_of_section_3_2_4_gives_its_bytes() -> None:
    sample = rb"""{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"""
    # RFC 8785 section 3.2.4, the hexadecimal bytes.
    wanted = bytes.fromhex(
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e3333"
        "33333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127"
        "425c225c5c5c5c5c222f227d"
    )
    assert jcs.dumps(jcs.loads(sample)) == wanted


def test_names_are_sorted_by_their_utf16_code_units() -> None:
    # RFC 8785 section 3.2.3; by code points the smiling face would come last.
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    text = jcs.dumps(dict.fromkeys(names, 0)).decode()
    assert list(json.loads(text)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@given(json_values)
def test_what_is_written_reads_back_and_is_its_own_canonical_form(value: jcs.Json) -> None:
    text = jcs.dumps(value)
    assert jcs.loads(text) == value
    assert jcs.loads_canonical(text) == value


@given(json_values)
def test_other_white_space_and_order_give_the_same_text(value: jcs.Json) -> None:
    loose = json.dumps(value, indent=3, ensure_ascii=True).encode()
    assert jcs.dumps(jcs.loads(loose)) == jcs.dumps(value)


@given(st.dictionaries(st.text(), st.integers(0, 9)))
def test_the_order_of_insertion_does_not_show(members: dict[str, int]) -> None:
    assert jcs.dumps(dict(reversed(members.items()))) == jcs.dumps(members)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_the_same_double(number: float) -> None:
    assert float(jcs.write_number(number)) == number


def test_the_largest_integer_is_written_and_the_next_is_refused() -> None:
    assert jcs.dumps(2**53 - 1) == b"9007199254740991"
    assert jcs.dumps(-(2**53 - 1)) == b"-9007199254740991"
    for beyond in (2**53, -(2**53)):
        with pytest.raises(ValueError, match="loses digits"):
            jcs.dumps(beyond)


@pytest.mark.parametrize("text", [b"9007199254740993", b"-9007199254740993", b"1" * 400, b"1" * 5000])
def test_an_integer_a_double_cannot_hold_is_refused_when_read(text: bytes) -> None:
    with pytest.raises(ValueError, match="more digits than a double"):
        jcs.loads(text)


def test_a_large_integer_a_double_holds_is_read() -> None:
    assert jcs.loads(b"9007199254740992") == 2.0**53


def test_a_number_too_large_for_a_double_is_refused() -> None:
    assert jcs.loads(b"1e308") == 1e308
    with pytest.raises(ValueError, match="too large"):
        jcs.loads(b"1e309")


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity", b"[NaN]"])
def test_the_words_python_would_read_as_numbers_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        jcs.loads(text)


def test_a_name_that_comes_twice_is_refused() -> None:
    assert jcs.loads(b'{"a":1,"b":{"a":2}}') == {"a": 1, "b": {"a": 2}}
    with pytest.raises(ValueError, match="comes twice"):
        jcs.loads(b'{"a":1,"b":2,"a":1}')


@pytest.mark.parametrize("value", ["\ud800", "a\udfff", ["\ud83d"], {"\udc00": 1}, {"a": "\ud800"}])
def test_half_a_surrogate_pair_is_refused(value: jcs.Json) -> None:
    with pytest.raises(ValueError, match="surrogate"):
        jcs.dumps(value)
    with pytest.raises(ValueError, match="surrogate"):
        jcs.loads(json.dumps(value).encode())


def test_both_halves_of_a_surrogate_pair_are_one_character() -> None:
    assert jcs.loads(rb'"\ud83d\ude00"') == "\U0001f600"


@pytest.mark.parametrize(
    ("text", "why"), [(b'"\xff"', "UTF-8"), (b"", "not JSON"), (b"{} {}", "not JSON"), (b"\xef\xbb\xbf1", "not JSON")]
)
def test_what_is_no_json_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        jcs.loads(text)


def test_nesting_beyond_measure_is_refused_not_a_crash() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        jcs.loads(b"[" * 100_000)
    deep: list[jcs.Json] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deeply"):
        jcs.dumps(deep)


@pytest.mark.parametrize("value", [{1: "a"}, {1, 2}, b"bytes", object()])
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=r"JSON cannot hold|must be a string"):
        jcs.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [b'{"b":1,"a":2}', b"1.0", b"[1, 2]", rb'"\u0041"', b"-0", b'{"a":1}\n'])
def test_readable_json_in_another_form_is_not_canonical(text: bytes) -> None:
    jcs.loads(text)
    with pytest.raises(ValueError, match="not in its canonical form"):
        jcs.loads_canonical(text)
