"""Whether the phantom can be learned without a look at a bone: trivial statistics of a film beside the net."""

from pathlib import Path

import pytest

from bench.phantom_easy import NET, TRIVIAL, score_all
from modelling.engine.metrics.discrimination import compare_paired

pytestmark = pytest.mark.fault

N_PEOPLE = 160
LEAD = 0.05
"""By how much the net's AUC is above that of trivial statistics at the least; it was 0.13 and 0.16 of these people."""


def test_trivial_statistics_of_a_film_do_not_reach_the_net(tmp_path: Path):
    labels, scores = score_all(tmp_path, N_PEOPLE)
    leads = {name: compare_paired(labels, scores[NET], scores[name]).estimate for name in TRIVIAL.values()}
    for name, lead in leads.items():
        said = f"the net leads {name} by {lead.value:.3f} ({lead.lower:.3f} to {lead.upper:.3f})"
        assert lead.value is not None
        assert lead.value >= LEAD, said
