"""Kinds of jobs: a name taken twice is an error, an unknown one refused."""

import pytest

from portal.core.errors import Refused
from portal.jobs import kinds, registry


def test_the_demonstration_is_registered() -> None:
    assert registry.get_kind("demonstration") is kinds.DEMONSTRATION
    assert kinds.DEMONSTRATION in registry.list_kinds()


def test_a_name_taken_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="the kind of job 'demonstration' is registered already"):
        registry.register(kinds.DEMONSTRATION)


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match=r"there is no kind of job 'dream'; there are: .*demonstration"):
        registry.get_kind("dream")


def test_a_kind_cannot_name_a_queue_that_does_not_exist() -> None:
    wrong = registry.Kind("other", "Other", lambda folder, spec: [], frozenset({"web", "vault"}))
    with pytest.raises(ValueError, match="names the queue 'vault'; there are: web, gpu"):
        registry.register(wrong)
    with pytest.raises(Refused):
        registry.get_kind("other")


def test_no_failure_is_both_tried_again_and_parked_at_once() -> None:
    assert not registry.TRIED_AGAIN & registry.PARKED_AT_ONCE
