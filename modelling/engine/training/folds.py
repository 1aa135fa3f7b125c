"""Who is held out when: cross-validation by person, stratified by label. Pure: numpy.

A token is one person and a snapshot has one row a person, so no one stands in two folds with two images.
"""

import numpy as np
from numpy.typing import NDArray


def split_into_folds(labels: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """Return for each person the fold that holds him out, (n,) from 0 to folds - 1.

    labels: (n,) 0 or 1. Each label is dealt out in turn after a seeded shuffle, so folds differ by at most one
    person of each label.
    Raises ValueError if there are fewer people than folds, or only one label: nothing can be learned then.
    """
    if labels.size < folds:
        raise ValueError(f"there are {labels.size} people; wanted at least {folds}, one for each fold")
    check_both_labels(labels)
    random = np.random.default_rng([seed, 1])
    fold_of = np.empty(labels.size, np.int64)
    dealt = 0
    for label in (0, 1):
        members = random.permutation(np.flatnonzero(labels == label))
        fold_of[members] = (np.arange(members.size) + dealt) % folds
        dealt += members.size
    return fold_of


def split_off_share(
    rows: NDArray[np.int64], labels: NDArray[np.int64], share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return training rows without, and only, a stratified share of them, to decide when to stop learning.

    rows: positions into labels. The held-out fold decides nothing, or its own score would be too good.
    """
    random = np.random.default_rng([seed, 2])
    inner: list[NDArray[np.int64]] = []
    for label in (0, 1):
        members = random.permutation(rows[labels[rows] == label])
        inner.append(members[: round(share * members.size)])
    kept_out = np.sort(np.concatenate(inner))
    return np.setdiff1d(rows, kept_out), kept_out


def check_both_labels(labels: NDArray[np.int64]) -> None:
    """Raise ValueError where all people have the same label."""
    n_events = int(labels.sum())
    if n_events in {0, labels.size}:
        raise ValueError(f"{n_events} of {labels.size} people have the outcome; nothing can be learned from one label")
