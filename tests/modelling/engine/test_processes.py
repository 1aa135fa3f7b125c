"""Work shared out among processes comes back in order, and its faults come back as they were."""

import math
import os

import pytest

from modelling.engine.processes import work_in_order


def test_answers_come_in_the_order_of_the_wishes() -> None:
    assert list(work_in_order(math.sqrt, [25, 16, 9, 4, 1], 2)) == [5, 4, 3, 2, 1]


def test_fewer_wishes_than_processes_are_all_answered() -> None:
    assert list(work_in_order(math.sqrt, [49], 3)) == [7]


def test_the_fault_of_a_process_is_raised_here_as_it_was() -> None:
    answers = work_in_order(math.sqrt, [4, 9, -1], 2)
    assert [next(answers), next(answers)] == [2, 3]
    with pytest.raises(ValueError, match="math domain error"):
        next(answers)


def test_a_process_that_ends_without_a_word_is_named() -> None:
    with pytest.raises(ChildProcessError, match="item 0 ended before it was done"):
        list(work_in_order(os._exit, [1, 1], 2))
