"""Numbers and their units as pages write them."""

import pytest

from frontend.units import with_unit, write_unit


@pytest.mark.parametrize(
    ("unit", "written"), [("g/cm2", "g/cm²"), ("um", "µm"), ("1/mm", "mm⁻¹"), ("mg HA/cm3", "mg HA/cm³"), ("kg", "kg")]
)
def test_a_unit_is_written_as_it_is_printed(unit: str, written: str):
    assert write_unit(unit) == written


def test_a_space_that_does_not_break_stands_before_the_unit():
    assert with_unit("162.0", "cm") == "162.0\N{NARROW NO-BREAK SPACE}cm"


def test_per_cent_stands_close():
    assert with_unit(33, "%") == "33%"


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_measured_is_a_dash(nothing: str | None):
    assert with_unit(nothing, "kg") == "\N{EN DASH}"


def test_zero_was_measured():
    assert with_unit(0, "kg") == "0\N{NARROW NO-BREAK SPACE}kg"
