"""Grey levels for matrices of texture, and the directions in which neighbours are looked for (pure numpy)."""

from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.int64]

BIN_SD: Final = 0.5
"""Width of a bin in standard deviations of the region: neither brightness nor contrast of a film changes a level."""
REACH_SD: Final = 4.0


def discretise(region: NDArray[np.floating]) -> Levels:
    """Return the grey level (1 to 16) of each pixel: bins of half a standard deviation, from 4 below the mean.

    region: any axes. What is farther than 4 from the mean goes to the outermost bins.
    Raises ValueError for a flat region.
    """
    values = np.asarray(region, np.float64)
    spread = float(values.std())
    if spread <= 1e-12 * max(1.0, float(np.abs(values).max())):
        raise ValueError("the region is flat, so it has no grey levels")
    places = np.floor((values - values.mean()) / (BIN_SD * spread) + REACH_SD / BIN_SD)
    return np.asarray(np.clip(places, 0, 2 * REACH_SD / BIN_SD - 1) + 1, np.int64)


def list_directions(n_axes: int) -> list[tuple[int, ...]]:
    """Return one of each pair of opposite neighbours: 4 of a picture, 13 of a volume."""
    middle = (0,) * n_axes
    return [one for one in product((-1, 0, 1), repeat=n_axes) if one > middle]
