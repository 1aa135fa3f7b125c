"""Student's t and Fisher's F by the incomplete beta function: the few quantiles the intervals want, without scipy."""

from collections.abc import Callable
from math import exp, lgamma, log, log1p

_TINY = 1e-300
_STEPS = 500


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), from 0 to 1 (no unit).

    Raises ValueError unless a > 0, b > 0 and 0 <= x <= 1.
    Continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, by Lentz's method.
    """
    if a <= 0 or b <= 0 or not 0 <= x <= 1:
        raise ValueError(f"a = {a}, b = {b}, x = {x}: positive a and b and x from 0 to 1 were wanted")
    if x in (0, 1):
        return float(x)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, _STEPS):
        m, odd = divmod(step, 2)
        if odd:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d or _TINY)
        c = 1 + term / c or _TINY
        value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


def t_two_sided_p(t: float, df: float) -> float:
    """Return the probability that Student's t lies as far from 0 as this, or further."""
    return incomplete_beta(df / 2, 0.5, df / (df + t * t))


def t_quantile(level: float, df: float) -> float:
    """Return t so that Student's t with df degrees of freedom lies within -t and t with this probability."""
    return _invert(lambda t: 1 - t_two_sided_p(t, df), level)


def f_quantile(probability: float, df1: float, df2: float) -> float:
    """Return the value below which Fisher's F with df1 and df2 degrees of freedom lies with this probability."""
    return _invert(lambda f: incomplete_beta(df1 / 2, df2 / 2, df1 * f / (df1 * f + df2)), probability)


def _invert(rising: Callable[[float], float], wanted: float) -> float:
    """Return where a function that rises from 0 at 0 takes a value, by halving."""
    high = 1.0
    while rising(high) < wanted:
        high *= 2
    low = 0.0
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
