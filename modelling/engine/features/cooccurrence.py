"""Grey-level co-occurrence: how often two levels are neighbours (pure numpy).

Haralick, Shanmugam and Dinstein, IEEE Trans SMC 3:610 (1973), as the Image Biomarker Standardisation Initiative defines
it (Zwanenburg et al., Radiology 295:328 (2020)): symmetric, distance 1, one matrix merged over all directions.
"""

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.grey_levels import Levels, list_directions

Floats = NDArray[np.float64]


def count_neighbours(levels: Levels) -> Floats:
    """Return p(i, j): the share of pairs of neighbours that have levels i and j; symmetric, its sum is 1.

    levels: 1 and up, any number of axes; 0 is outside the region. Returns (n, n), n the highest level.
    Raises ValueError where no two pixels of the region are neighbours.
    """
    n = int(levels.max())
    counts = np.zeros((n + 1, n + 1))
    for step in list_directions(levels.ndim):
        here, there = (levels[_shifted(levels.shape, step, sign)] for sign in (1, -1))
        counts += np.bincount((here * (n + 1) + there).ravel(), minlength=(n + 1) ** 2).reshape(n + 1, n + 1)
    inside = counts[1:, 1:] + counts[1:, 1:].T
    if not inside.any():
        raise ValueError("no two pixels of the region are neighbours")
    return np.asarray(inside / inside.sum())


def _shifted(shape: tuple[int, ...], step: tuple[int, ...], sign: int) -> tuple[slice, ...]:
    """Return the part of an array whose neighbour `step` away (sign 1) or `-step` away (sign -1) is in it, too."""
    return tuple(slice(max(0, -sign * one), size - max(0, sign * one)) for one, size in zip(step, shape, strict=True))


def describe_cooccurrence(p: Floats) -> dict[str, float]:
    """Return the 25 quantities of a co-occurrence matrix, by the names of the IBSI; entropies in bit.

    p: (n, n), symmetric, sum 1; row i is level i + 1.
    """
    n = p.shape[0]
    i, j = np.indices(p.shape) + 1
    apart = np.abs(i - j)
    marginal = p.sum(axis=1)
    level = np.arange(1, n + 1)
    mean = float((level * marginal).sum())
    variance = float(((level - mean) ** 2 * marginal).sum())
    of_difference = np.asarray(np.bincount(apart.ravel(), p.ravel(), n), np.float64)
    of_sum = np.asarray(np.bincount((i + j).ravel(), p.ravel(), 2 * n + 1), np.float64)
    mean_difference = float((np.arange(n) * of_difference).sum())
    off = apart > 0
    about = i + j - 2 * mean
    return {
        "Joint maximum": float(p.max()),
        "Joint average": mean,
        "Joint variance": variance,
        "Joint entropy": _entropy(p),
        "Difference average": mean_difference,
        "Difference variance": float(((np.arange(n) - mean_difference) ** 2 * of_difference).sum()),
        "Difference entropy": _entropy(of_difference),
        "Sum average": 2 * mean,
        "Sum variance": float((about**2 * p).sum()),
        "Sum entropy": _entropy(of_sum),
        "Angular second moment": float((p**2).sum()),
        "Contrast": float((apart**2 * p).sum()),
        "Dissimilarity": mean_difference,
        "Inverse difference": float((p / (1 + apart)).sum()),
        "Normalised inverse difference": float((p / (1 + apart / n)).sum()),
        "Inverse difference moment": float((p / (1 + apart**2)).sum()),
        "Normalised inverse difference moment": float((p / (1 + (apart / n) ** 2)).sum()),
        "Inverse variance": float((p[off] / apart[off] ** 2).sum()),
        "Correlation": 1.0 if variance == 0 else float(((i - mean) * (j - mean) * p).sum()) / variance,
        "Autocorrelation": float((i * j * p).sum()),
        "Cluster tendency": float((about**2 * p).sum()),
        "Cluster shade": float((about**3 * p).sum()),
        "Cluster prominence": float((about**4 * p).sum()),
        **_information(p, marginal),
    }


def _information(p: Floats, marginal: Floats) -> dict[str, float]:
    """Return both measures of information correlation: 0 where neighbours know nothing of each other."""
    joint, alone = _entropy(p), _entropy(marginal)
    independent = np.outer(marginal, marginal)
    there = independent > 0
    crossed = -float((p[there] * np.log2(independent[there])).sum())
    first = 0.0 if alone == 0 else (joint - crossed) / alone
    second = np.sqrt(max(0.0, 1 - np.exp(-2 * (_entropy(independent) - joint))))
    return {"Information correlation 1": first, "Information correlation 2": float(second)}


def _entropy(p: Floats) -> float:
    found = p[p > 0]
    return float(-(found * np.log2(found)).sum())
