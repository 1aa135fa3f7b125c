"""How a report writes numbers: never one without its interval. Pure."""

from collections.abc import Mapping
from typing import Any

Sheet = Mapping[str, Any]
Score = Mapping[str, Any]


def count(n: int) -> str:
    """Return a whole number with commas between thousands."""
    return f"{n:,}"


def number(value: float, digits: int = 2) -> str:
    """Return a number with so many decimals; what only rounds to 1.00 or 0.00 says so."""
    text = f"{value:.{digits}f}"
    if value < 1 and float(text) == 1:
        return f"> {1 - 10**-digits:.{digits}f}"
    if value > 0 and float(text) == 0:
        return f"< {10**-digits:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def estimate(one: Score, digits: int = 2) -> str:
    """Return a value with its interval, or why there is none: "0.81 (0.62 to 0.95)"."""
    if one["value"] is None:
        return str(one["why"])
    return f"{number(one['value'], digits)} ({interval(one, digits)})"


def interval(one: Score, digits: int = 2) -> str:
    """Return the interval alone: "0.62 to 0.95"."""
    return f"{number(one['lower'], digits)} to {number(one['upper'], digits)}"


def share(one: Score) -> str:
    """Return a share in percent with its interval and counts: "83 % (44 to 97; 5 of 6)"."""
    if one["value"] is None:
        return str(one["why"])
    low, middle, high = (f"{100 * one[key]:.0f}" for key in ("lower", "value", "upper"))
    return f"{middle} % ({low} to {high}; {count(one['hits'])} of {count(one['of'])})"


def percent_of(sheet: Sheet) -> str:
    """Return the level of a sheet's intervals: "95 %", or more where a test set may be opened several times."""
    return f"{100 * sheet['level']:g} %"


def p_value(p: float | None) -> str:
    """Return a p value in print: three decimals, or "< 0.001"."""
    if p is None:
        return "none"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def primary_of(sheet: Sheet) -> Score:
    """Return the primary model of a sheet."""
    found: Score = next(model for model in sheet["models"] if model["role"] == "primary")
    return found


def name_of(sheet: Sheet, model_version: str) -> str:
    """Return a model's name."""
    return str(next(model["name"] for model in sheet["models"] if model["model_version"] == model_version))


def is_simulated(sheet: Sheet) -> bool:
    """True if everything the sheet tells of is simulated."""
    return bool(sheet["origin"] == "simulated")
