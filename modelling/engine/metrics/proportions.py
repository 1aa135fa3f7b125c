"""Shares of people and their intervals."""

from math import sqrt

from modelling.engine.metrics.estimates import LEVEL, Estimate, NotEstimable, normal_quantile

WILSON = "Wilson"


def wilson(hits: int, n: int, level: float = LEVEL) -> Estimate:
    """Return a share, from 0 to 1, with Wilson's score interval.

    Raises NotEstimable if there is nobody to count, ValueError if more hits than people are given.
    Method: Wilson, J Am Stat Assoc 22:209 (1927).
    """
    if n == 0:
        raise NotEstimable("there is nobody to count")
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is no share")
    z = normal_quantile(level)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    lower = 0.0 if hits == 0 else max(0.0, middle - half)
    upper = 1.0 if hits == n else min(1.0, middle + half)
    return Estimate(share, lower, upper, level, WILSON)


def newcombe(hits: tuple[int, int], sizes: tuple[int, int], level: float = LEVEL) -> Estimate:
    """Return the difference of two groups' shares (first minus second) with Newcombe's hybrid score interval.

    Raises NotEstimable if a group is empty. Method 10 of Newcombe, Stat Med 17:873 (1998).
    """
    one, other = (wilson(hit, size, level) for hit, size in zip(hits, sizes, strict=True))
    difference = one.value - other.value
    lower = difference - sqrt((one.value - one.lower) ** 2 + (other.upper - other.value) ** 2)
    upper = difference + sqrt((one.upper - one.value) ** 2 + (other.value - other.lower) ** 2)
    return Estimate(difference, lower, upper, level, "Newcombe")
