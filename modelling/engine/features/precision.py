"""Precision of repeated measurements, and the least change that means something (pure).

SD of each person's repeats, root mean square over persons; LSC = 2.77 x that. ISCD Official Positions (2019); Glueer et
al., Osteoporos Int 5:262 (1995). A change as large as the LSC counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from modelling.engine.features.quantities import LSC_FACTOR, Quantity

LEAST_FREEDOM: Final = 30
"""Degrees of freedom a precision study needs: 30 people twice, or 15 three times."""


@dataclass(frozen=True)
class Precision:
    """rms_sd: in the unit of the quantity. rms_cv: in per cent. freedom: degrees of freedom."""

    rms_sd: float
    rms_cv: float
    freedom: int

    @property
    def lsc(self) -> float:
        """Least significant change, in the unit of the quantity."""
        return LSC_FACTOR * self.rms_sd

    @property
    def lsc_percent(self) -> float:
        """Least significant change in per cent."""
        return LSC_FACTOR * self.rms_cv

    @property
    def is_enough(self) -> bool:
        """True if enough people were measured to go by it."""
        return self.freedom >= LEAST_FREEDOM


def measure_precision(repeats: Sequence[Sequence[float]]) -> Precision:
    """Return the precision of persons' repeats. Raises ValueError unless each has two, and none has a mean of 0."""
    if not repeats or any(len(one) < 2 for one in repeats):
        raise ValueError("each person needs at least two measurements for a precision")
    means = np.array([np.mean(one) for one in repeats])
    if (means == 0).any():
        raise ValueError("a person's mean is 0, so there is no per cent of it")
    spreads = np.array([np.std(one, ddof=1) for one in repeats])
    return Precision(
        rms_sd=float(np.sqrt(np.mean(spreads**2))),
        rms_cv=float(100 * np.sqrt(np.mean((spreads / means) ** 2))),
        freedom=sum(len(one) - 1 for one in repeats),
    )


def least_change(quantity: Quantity, baseline: float) -> float | None:
    """Return the least significant change from a baseline by the published repeat error; None where none is known."""
    return None if quantity.cv_percent is None else LSC_FACTOR * quantity.cv_percent / 100.0 * abs(baseline)


def is_significant(change: float, least: float) -> bool:
    """True if a change is as large as the least significant one; the last digit of a float is no difference."""
    return abs(change) >= least * (1 - 1e-9)
