"""How numbers and units are written on pages. Pure.

Units follow the SI brochure (9th edition, 5.4.3): a space between value and unit, except degree and per cent signs
kept close where the clinic writes them so.
"""

from typing import Final

CLOSE: Final = frozenset({"%", "\N{DEGREE SIGN}"})
NARROW_NO_BREAK_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"
MISSING: Final = "\N{EN DASH}"

_WRITTEN: Final[dict[str, str]] = {
    "um": "\N{MICRO SIGN}m",
    "uSv": "\N{MICRO SIGN}Sv",
    "g/cm2": "g/cm\N{SUPERSCRIPT TWO}",
    "kg/m2": "kg/m\N{SUPERSCRIPT TWO}",
    "mg HA/cm3": "mg HA/cm\N{SUPERSCRIPT THREE}",
    "mg/cm3": "mg/cm\N{SUPERSCRIPT THREE}",
    "cm2": "cm\N{SUPERSCRIPT TWO}",
    "mm2": "mm\N{SUPERSCRIPT TWO}",
    "mm3": "mm\N{SUPERSCRIPT THREE}",
    "mm4": "mm\N{SUPERSCRIPT FOUR}",
    "N m2": "N m\N{SUPERSCRIPT TWO}",
    "mg2/mm4": "mg\N{SUPERSCRIPT TWO}/mm\N{SUPERSCRIPT FOUR}",
    "deg": "\N{DEGREE SIGN}",
    "1/mm": "mm\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT ONE}",
    "y": "years",
}


def write_unit(unit: str) -> str:
    """Return the unit as it is printed: 'g/cm2' becomes 'g/cm²'."""
    return _WRITTEN.get(unit, unit)


def with_unit(value: object, unit: str) -> str:
    """Return a value with its unit; nothing measured is a dash, never a zero or an empty place."""
    if value is None or value == "":
        return MISSING
    gap = "" if unit in CLOSE else NARROW_NO_BREAK_SPACE
    return f"{value}{gap}{write_unit(unit)}"
