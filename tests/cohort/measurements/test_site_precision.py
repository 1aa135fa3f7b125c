"""A site's own precision study (form `prc`) stands beside a follow-up once it has enough repeats."""

from pathlib import Path
from typing import Any

import pytest

from cohort.crf.store import kind_of, writing
from cohort.measurements.services import record_measurements
from cohort.measurements.site_precision import SitePrecision, choose_least, find_site_precisions, gather_precision
from cohort.participants.models import Participant
from modelling.engine.features.catalogue import QUANTITIES, Value
from portal.roles.actors import WORKER
from tests.cast import Cast, hands, make_participant
from tests.cohort.measurements.builders import lay_series
from tests.cohort.pages import look_as, words
from tests.database import rolls_back

KNOWN = QUANTITIES["dxa.abmd_33"]


def repeat(subject: int, *values: float, operator: str = "R1") -> list[dict[str, Any]]:
    return [
        {"pr_site": "R_33", "pr_subj": subject, "pr_rep": number, "pr_val": value, "pr_oper": operator}
        for number, value in enumerate(values, 1)
    ]


def test_two_repeats_of_a_person_give_their_difference_over_the_root_of_two() -> None:
    # By hand: |0.62 - 0.60| / sqrt 2 = 0.014142; the LSC is 2.77 times it.
    found = gather_precision(repeat(1, 0.60, 0.62))
    assert found is not None
    assert found.rms_sd == pytest.approx(0.0141421, abs=1e-7)
    assert found.lsc == pytest.approx(0.0391737, abs=1e-6)
    assert (found.n_people, found.freedom, found.is_enough) == (1, 1, False)


def test_the_errors_of_several_operators_are_averaged() -> None:
    rows = repeat(1, 0.60, 0.62) + repeat(1, 0.60, 0.64, operator="R2")
    found = gather_precision(rows)
    assert found is not None
    assert found.rms_sd == pytest.approx((0.0141421 + 0.0282843) / 2, abs=1e-6)
    assert (found.n_operators, found.freedom) == (2, 2)


def test_who_was_measured_once_says_nothing_of_precision() -> None:
    assert gather_precision(repeat(1, 0.6) + repeat(2, 0.7)) is None


@pytest.mark.parametrize(("freedom", "own"), [(29, False), (30, True)])
def test_thirty_degrees_of_freedom_are_enough_and_twenty_nine_are_not(freedom: int, own: bool) -> None:
    mine = {"dxa.abmd_33": SitePrecision(0.004, freedom, 1, freedom)}
    least, source = choose_least(KNOWN, 0.6, mine)
    assert least == pytest.approx(2.77 * 0.004 if own else 2.77 * 0.0055 * 0.6)
    assert source.startswith("this site's own" if own else "published: ")
    assert f"{freedom} degrees of freedom" in source


def test_without_a_study_of_its_own_the_published_error_stands() -> None:
    assert choose_least(KNOWN, 0.6, {})[1] == f"published: {KNOWN.cv_source}"


@rolls_back
def test_a_follow_up_is_judged_by_the_sites_own_precision(cast: Cast, settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    ann = make_participant(cast)
    lay_study(cast, ann, n_people=30)
    for code, value in (("BLI", 0.612), ("FU12", 0.590)):
        series = lay_series(cast, ann, "dxa", visit=ann.visits.get(code=code))
        record_measurements(actor=WORKER, series=series, version="2", values=[Value("dxa.abmd_33", value)])
    found = find_site_precisions(cast.exeter)
    assert set(found) == {"dxa.abmd_33"}
    shown = words(look_as(cast.nora).get(f"/participants/{ann.code}/measurements/"))
    assert "this site's own precision study: 30 people, 30 degrees of freedom" in shown
    # 2.77 x 0.0141421 is 0.039, wider than the published 0.009: the same fall is now within the error.
    assert "the least significant change, 0.039" in shown
    assert "within measurement error" in shown
    assert find_site_precisions(cast.plymouth) == {}


def lay_study(cast: Cast, participant: Participant, n_people: int) -> None:
    """Write down a precision study of so many people, each measured twice."""
    visit = participant.visits.get(code="BLI")
    rows = [row for person in range(n_people) for row in repeat(person + 1, 0.60, 0.62)]
    with hands(cast.nora), writing("prc"):
        for number, answers in enumerate(rows, 1):
            facts = {"participant_id": participant.pk, "visit_id": visit.pk, "origin": participant.origin}
            kind: Any = kind_of("prc")
            kind.objects.create(**facts, form="prc", number=number, state="complete", answers=answers)
