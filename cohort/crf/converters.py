"""Other units that people say: stones and pounds, feet and inches, ng/mL (pure). Stored is always the study's own.

Exact by definition: 1 lb = 0.45359237 kg, 1 in = 2.54 cm (international yard and pound, 1959).
25-hydroxyvitamin D: 1 ng/mL = 2.496 nmol/L (molar mass 400.64 g/mol); vitamin D3: 10 ug = 400 IU (CLINICAL 2).
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

KG_PER_POUND = Decimal("0.45359237")
CM_PER_INCH = Decimal("2.54")
NMOL_PER_NG_ML = Decimal("2.496")
IU_PER_UG = Decimal(40)
POUNDS_PER_STONE, INCHES_PER_FOOT = 14, 12

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_STONES = re.compile(rf"^{_NUMBER}\s*(?:st|stone|stones)\.?\s*(?:{_NUMBER}\s*(?:lb|lbs|pounds?)?)?$", re.IGNORECASE)
_POUNDS = re.compile(rf"^{_NUMBER}\s*(?:lb|lbs|pounds?)$", re.IGNORECASE)
_FEET = re.compile(rf"^{_NUMBER}\s*(?:ft|feet|foot|')\s*(?:{_NUMBER}\s*(?:in|inch|inches|\"|'')?)?$", re.IGNORECASE)
_INCHES = re.compile(rf"^{_NUMBER}\s*(?:in|inch|inches|\")$", re.IGNORECASE)
_METRES = re.compile(rf"^{_NUMBER}\s*m$", re.IGNORECASE)
_NG_ML = re.compile(rf"^{_NUMBER}\s*(?:ng/mL|ug/L)$", re.IGNORECASE)
_UG = re.compile(rf"^{_NUMBER}\s*(?:ug|mcg|µg|microgram|micrograms)$", re.IGNORECASE)


def _decimal(text: str | None) -> Decimal:
    return Decimal((text or "0").replace(",", "."))


def _kilograms(text: str) -> Decimal | None:
    if found := _STONES.match(text):
        return (_decimal(found[1]) * POUNDS_PER_STONE + _decimal(found[2])) * KG_PER_POUND
    return _decimal(found[1]) * KG_PER_POUND if (found := _POUNDS.match(text)) else None


def _centimetres(text: str) -> Decimal | None:
    if found := _FEET.match(text):
        return (_decimal(found[1]) * INCHES_PER_FOOT + _decimal(found[2])) * CM_PER_INCH
    if found := _INCHES.match(text):
        return _decimal(found[1]) * CM_PER_INCH
    return _decimal(found[1]) * 100 if (found := _METRES.match(text)) else None


def _nanomoles(text: str) -> Decimal | None:
    return _decimal(found[1]) * NMOL_PER_NG_ML if (found := _NG_ML.match(text)) else None


def _international_units(text: str) -> Decimal | None:
    return _decimal(found[1]) * IU_PER_UG if (found := _UG.match(text)) else None


CONVERTERS: dict[str, tuple[Callable[[str], Decimal | None], str]] = {
    "kg": (_kilograms, "11 st 4 lb"),
    "cm": (_centimetres, "5 ft 4 in"),
    "nmol/L": (_nanomoles, "30 ng/mL"),
    "IU/d": (_international_units, "10 ug"),
}
"""Unit of the study → how others become it, and an example of what may be typed."""


def convert(text: str, unit: str, n_decimals: int) -> Decimal | None:
    """Return what was typed in another unit, in `unit`, with so many decimals; None if it is no other unit."""
    converter = CONVERTERS.get(unit)
    found = converter[0](text.strip()) if converter else None
    return None if found is None else found.quantize(Decimal(1).scaleb(-n_decimals), rounding=ROUND_HALF_UP)
