"""What the demo makes of a draw that left nothing to learn from, as one of a few people may."""

import pytest

from modelling.runs.services import cancel_run
from portal.demo.science import NothingToLearn, get_trained
from portal.demo.waiting import NotDone
from tests.cast import Cast
from tests.modelling.runs.builders import ask, do, do_well, lay_snapshot_down, reload
from tests.modelling.runs.conftest import cast, home

__all__ = ["cast", "home"]


def test_a_run_of_one_label_alone_is_told_from_every_other_end(cast: Cast):
    learned = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study)))
    assert get_trained(learned) == learned.model
    of_one_label = do(ask(cast, lay_snapshot_down(cast.ana, cast.study, prevalence=0.0)))
    with pytest.raises(NothingToLearn, match=r"ended as 'failed': .* 0 of 30 people have the outcome"):
        get_trained(of_one_label)
    cancelled = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    cancel_run(actor=cast.ana, run=cancelled, why="the wrong seed")
    with pytest.raises(NotDone, match="ended as 'cancelled'") as caught:
        get_trained(reload(cancelled))
    assert not isinstance(caught.value, NothingToLearn)
