"""Who is held out when."""

import numpy as np
import pytest

from modelling.engine.training.folds import split_into_folds, split_off_share

LABELS = np.array([0] * 14 + [1] * 7)


def test_everybody_is_held_out_once_and_each_fold_has_its_share_of_events() -> None:
    fold_of = split_into_folds(LABELS, 3, seed=1)
    assert sorted(np.bincount(fold_of).tolist()) == [7, 7, 7]
    events = [int(LABELS[fold_of == fold].sum()) for fold in range(3)]
    assert max(events) - min(events) <= 1


def test_the_seed_decides_and_nothing_else() -> None:
    assert split_into_folds(LABELS, 3, 1).tolist() == split_into_folds(LABELS, 3, 1).tolist()
    assert split_into_folds(LABELS, 3, 1).tolist() != split_into_folds(LABELS, 3, 2).tolist()


@pytest.mark.parametrize("labels", [np.zeros(10, np.int64), np.ones(10, np.int64)])
def test_one_label_alone_is_refused(labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="nothing can be learned from one label"):
        split_into_folds(labels, 2, 1)


def test_fewer_people_than_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="there are 2 people; wanted at least 3"):
        split_into_folds(np.array([0, 1]), 3, 1)


def test_those_set_aside_to_decide_when_to_stop_do_not_train() -> None:
    rows = np.arange(0, 21, 2)
    training, inner = split_off_share(rows, LABELS, 0.3, seed=1)
    assert sorted([*training, *inner]) == rows.tolist()
    assert not set(training) & set(inner)
    assert LABELS[inner].any()
