"""p values when several questions are asked of the same people."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted by Holm, Scand J Stat 6:65 (1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted by Benjamini & Hochberg, J R Stat Soc B 57:289 (1995), in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i], reverse=True)
    adjusted, lowest = [0.0] * len(p_values), 1.0
    for steps, i in enumerate(order):
        lowest = min(lowest, p_values[i] * len(p_values) / (len(p_values) - steps))
        adjusted[i] = lowest
    return adjusted
