"""Predictions of a test set as they are handed in: read strictly, hashed, and told apart from any other (pure)."""

import csv
import io
import math
import re
from collections.abc import Collection, Mapping

from portal.proof import jcs, merkle

HEADER = ["token", "p", "lower", "upper"]
WEIGHTS_HEADER = ["token", "weight"]
UNFIT_WEIGHTS = "the survey weights cannot be taken: wanted is exactly one positive number for each case"
_TOKEN = re.compile(r"[0-9a-f]{32}")
UNFIT = (
    "the predictions cannot be taken: wanted is exactly one row for each case, with a finite probability from 0 to 1"
)
"""The same words whichever case is at fault: a message that named one would be a question answered."""


def read_predictions(content: bytes, tokens: Collection[str] | None = None) -> dict[str, float]:
    """Return token → probability from a CSV file with the columns token, p, lower, upper.

    tokens: the cases that are wanted, each once; None where they are not known here.
    Raises ValueError, in words that tell nothing of any case, for anything else.
    """
    try:
        rows = list(csv.reader(io.StringIO(content.decode("ascii"), newline=""), strict=True))
        if not rows or rows[0] != HEADER:
            raise ValueError(UNFIT)
        found = {row[0]: _read_probability(row) for row in rows[1:]}
    except (UnicodeDecodeError, csv.Error, IndexError) as error:
        raise ValueError(UNFIT) from error
    if len(found) != len(rows) - 1 or not found or not all(_TOKEN.fullmatch(token) for token in found):
        raise ValueError(UNFIT)
    if tokens is not None and set(tokens) != set(found):
        raise ValueError(UNFIT)
    return found


def compute_prediction_root(predictions: Mapping[str, float]) -> str:
    """Return the Merkle root over (token, probability), in the order of the tokens."""
    return merkle.compute_root(jcs.dumps([token, predictions[token]]) for token in sorted(predictions)).hex()


def read_weights(content: bytes, tokens: Collection[str]) -> dict[str, float]:
    """Return token → survey weight from a CSV file with the columns token, weight. Raises ValueError as above."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("ascii"), newline=""), strict=True))
        found = {token: float(weight) for token, weight in rows[1:]}
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise ValueError(UNFIT_WEIGHTS) from error
    if rows[0] != WEIGHTS_HEADER or set(found) != set(tokens) or len(found) != len(rows) - 1:
        raise ValueError(UNFIT_WEIGHTS)
    if not all(math.isfinite(weight) and weight > 0 for weight in found.values()):
        raise ValueError(UNFIT_WEIGHTS)
    return found


def write_weights(weights: Mapping[str, float]) -> bytes:
    """Return token → weight as a CSV file, in the order of the tokens."""
    lines = [",".join(WEIGHTS_HEADER), *(f"{token},{weights[token]!r}" for token in sorted(weights))]
    return ("\n".join(lines) + "\n").encode("ascii")


def count_bins(predictions: Mapping[str, float], n_bins: int = 5, least: int = 20) -> list[int | None]:
    """Return how many predictions lie in each of equal bins from 0 to 1; None for a bin of fewer than `least`.

    TRUST 1.8: while blinded the PI sees an overall histogram only, with at least 20 in a bin.
    """
    counts = [0] * n_bins
    for probability in predictions.values():
        counts[min(int(probability * n_bins), n_bins - 1)] += 1
    return [count if count >= least else None for count in counts]


def _read_probability(row: list[str]) -> float:
    if len(row) != len(HEADER):
        raise ValueError(UNFIT)
    try:
        values = [float(text) if text else None for text in row[1:]]
    except ValueError:
        raise ValueError(UNFIT) from None
    if values[0] is None or any(value is not None and not _is_probability(value) for value in values):
        raise ValueError(UNFIT)
    return values[0]


def _is_probability(value: float) -> bool:
    return math.isfinite(value) and 0.0 <= value <= 1.0
