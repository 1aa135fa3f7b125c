"""Grey-level run lengths: how far one level goes on (pure numpy).

Galloway, Comput Graph Image Process 4:172 (1975), as the Image Biomarker Standardisation Initiative defines it
(Zwanenburg et al., Radiology 295:328 (2020)): one matrix merged over all directions.
"""

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.grey_levels import Levels, list_directions

Floats = NDArray[np.float64]


def count_runs(levels: Levels) -> Floats:
    """Return how many runs there are of each level and length, over all directions.

    levels: 1 and up, any number of axes; 0 is outside the region. Returns (n, longest): row i is level i + 1,
    column k is length k + 1. Raises ValueError where the region is empty.
    """
    if not (levels > 0).any():
        raise ValueError("the region is empty, so it has no runs")
    n, longest = int(levels.max()), max(levels.shape)
    found = np.zeros((n + 1, longest + 1))
    for step in list_directions(levels.ndim):
        lengths, of_level = _runs_along(levels, step)
        np.add.at(found, (of_level, lengths), 1.0)
    return np.asarray(found[1:, 1:])


def _runs_along(levels: Levels, step: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return length and level of each run in one direction: a run begins where the pixel before is of another level."""
    wide = np.pad(levels, 1)
    back = tuple(slice(1 - one, size - 1 - one) for one, size in zip(step, wide.shape, strict=True))
    starts = np.argwhere((levels > 0) & (wide[back] != levels)) + 1
    level = wide[tuple(starts.T)]
    length = np.zeros(len(starts), np.int64)
    going = np.arange(len(starts))
    places = starts
    while going.size:
        length[going] += 1
        places = places + step
        same = wide[tuple(places.T)] == level[going]
        going, places = going[same], places[same]
    return length, level


def describe_runs(counts: Floats, n_pixels: int) -> dict[str, float]:
    """Return the 16 quantities of a run-length matrix, by the names of the IBSI; entropy in bit.

    counts: as of `count_runs`. n_pixels: pixels of the region times directions that were merged.
    """
    level = np.arange(1, counts.shape[0] + 1)[:, None].astype(np.float64)
    length = np.arange(1, counts.shape[1] + 1)[None, :].astype(np.float64)
    total = float(counts.sum())
    p = counts / total
    of_level, of_length = counts.sum(axis=1), counts.sum(axis=0)
    mean_level, mean_length = float((level * p).sum()), float((length * p).sum())
    return {
        "Short runs emphasis": float((p / length**2).sum()),
        "Long runs emphasis": float((p * length**2).sum()),
        "Low grey level run emphasis": float((p / level**2).sum()),
        "High grey level run emphasis": float((p * level**2).sum()),
        "Short run low grey level emphasis": float((p / (level * length) ** 2).sum()),
        "Short run high grey level emphasis": float((p * (level / length) ** 2).sum()),
        "Long run low grey level emphasis": float((p * (length / level) ** 2).sum()),
        "Long run high grey level emphasis": float((p * (level * length) ** 2).sum()),
        "Grey level non-uniformity": float((of_level**2).sum()) / total,
        "Normalised grey level non-uniformity": float((of_level**2).sum()) / total**2,
        "Run length non-uniformity": float((of_length**2).sum()) / total,
        "Normalised run length non-uniformity": float((of_length**2).sum()) / total**2,
        "Run percentage": total / n_pixels,
        "Grey level variance": float(((level - mean_level) ** 2 * p).sum()),
        "Run length variance": float(((length - mean_length) ** 2 * p).sum()),
        "Run entropy": float(-(p[p > 0] * np.log2(p[p > 0])).sum()),
    }
