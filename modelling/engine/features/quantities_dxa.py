"""Quantities of a forearm DXA; all of them are outcome-bearing (pure)."""

from typing import Final

from modelling.engine.features.quantities import DXA, Quantity

_REPEAT = "Hologic QDR, normal women"
_WHERE: Final = {
    "ud": ("ultradistal", "15 mm from 3 mm below the middle of the joint surface", 0.74),
    "mid": ("mid", "between ultradistal and 33 %", 0.58),
    "33": ("33 %", "20 mm about a third of the forearm's length", 0.55),
    "total": ("total", "ultradistal, mid and 33 % together", None),
}
_WHAT: Final = (
    ("abmd", "aBMD", "g/cm2", "aBMD", 3, "content / area"),
    ("bmc", "BMC", "g", "BMC", 2, "mineral of the pixels of bone"),
    ("area", "Area", "cm2", "Area", 2, "pixels of bone x their area"),
)

ROWS: Final = tuple(
    Quantity(
        name=f"{DXA}.{what}_{region}",
        symbol=f"{symbol} {words}",
        unit=unit,
        title=f"{title}, {words} radius",
        decimals=decimals,
        definition=f"{definition}; {place}",
        source="Hologic forearm regions; ISCD Official Positions (2019)",
        function="dxa.measure_region",
        cv_percent=cv if what == "abmd" else None,
        cv_source=_REPEAT if what == "abmd" and cv else "",
    )
    for what, symbol, unit, title, decimals, definition in _WHAT
    for region, (words, place, cv) in _WHERE.items()
)
