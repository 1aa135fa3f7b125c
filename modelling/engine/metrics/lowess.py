"""A smooth line through 0s and 1s: locally weighted straight lines, without robustness steps."""

import numpy as np
import numpy.typing as npt

from modelling.engine.metrics.estimates import Array


def lowess(x: npt.ArrayLike, y: npt.ArrayLike, span: float = 2 / 3) -> tuple[Array, Array]:
    """Return x sorted, (n,), and the smooth of y at it, (n,).

    span: the share of points each local line is fitted to. Points closer than 1 % of the range to the last fitted
    one are read off the straight line between two fits.
    Method: Cleveland, J Am Stat Assoc 74:829 (1979); Am Stat 35:54 (1981), with no robustness iteration.
    """
    order = np.argsort(np.asarray(x, dtype=np.float64), kind="stable")
    xs, ys = np.asarray(x, dtype=np.float64)[order], np.asarray(y, dtype=np.float64)[order]
    n = xs.size
    if n < 2:
        return xs, ys.copy()
    width = max(2, min(n, int(span * n + 1e-7)))
    places = _places_to_fit(xs, 0.01 * (xs[-1] - xs[0]))
    fitted, left = [], 0
    for place in places:
        while left + width < n and xs[place] - xs[left] > xs[left + width] - xs[place]:
            left += 1
        fitted.append(_fit_at(xs, ys, place, left, left + width))
    return xs, np.interp(xs, xs[places], np.array(fitted))


def _places_to_fit(xs: Array, gap: float) -> list[int]:
    """Return where lines are fitted: the first point, then the furthest one within the gap, or the next beyond it."""
    places, last = [0], 0
    while True:
        # Points tied with the last fitted one share its value.
        last = int(np.searchsorted(xs, xs[last], side="right")) - 1
        if last >= xs.size - 1:
            return places
        beyond = int(np.searchsorted(xs, xs[last] + gap, side="right"))
        last = max(last + 1, beyond - 1)
        places.append(last)


def _fit_at(xs: Array, ys: Array, place: int, left: int, right: int) -> float:
    """Return the local line's value at one point. left, right: the window; ties beyond it on the right join in."""
    at = xs[place]
    h = max(at - xs[left], xs[right - 1] - at)
    far = np.abs(xs[left:] - at)
    inside = far <= 0.999 * h
    x, y, r = xs[left:][inside], ys[left:][inside], far[inside]
    weights = np.where(r <= 0.001 * h, 1.0, (1 - (r / h if h else r) ** 3) ** 3)
    weights /= weights.sum()
    centre = weights @ x
    spread = weights @ (x - centre) ** 2
    if h > 0 and np.sqrt(spread) > 0.001 * (xs[-1] - xs[0]):
        weights = weights * (1 + (at - centre) / spread * (x - centre))
    return float(weights @ y)
