"""Pages of snapshots."""

from pathlib import Path

import pytest
from django.urls import reverse

from cohort.datasets.models import Snapshot
from cohort.datasets.services import build_snapshot, build_test_inputs
from cohort.datasets.telling import round_flow, tell_count
from portal.audit.context import act
from portal.audit.record import append_to_ledger
from portal.roles.actors import SETUP
from tests.cast import Cast
from tests.cohort.datasets.people import make_ten, work_on
from tests.cohort.pages import look_as, words

pytestmark = pytest.mark.usefixtures("fresh_database", "home")


@pytest.fixture
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    tmp_path.chmod(0o711)
    return tmp_path


def test_the_page_of_a_snapshot_shows_flow_columns_and_hashes(cast: Cast) -> None:
    make_ten(cast)
    snapshot = build_snapshot(actor=cast.ana, study=cast.study, task="OP_WHO")
    work_on(snapshot)
    page = words(look_as(cast.ana).get(reverse("snapshot", args=[snapshot.pk])))
    assert "SIMULATED" in page
    assert "About 5 of 10 people are in it." in page
    assert "to the nearest 5" in page
    assert "7" not in page.partition("Who is left")[2].partition("Who was left out")[0]
    assert "Kept aside by the draw" in page
    assert "weight_kg" in page
    assert "Hip and spine T-scores make the label" in page or "hip and spine T-scores make the label" in page
    assert snapshot.sha256[:32] in page


def test_a_snapshot_that_waits_shows_its_progress(cast: Cast) -> None:
    make_ten(cast)
    snapshot = build_snapshot(actor=cast.ana, study=cast.study, task="OP_WHO")
    page = words(look_as(cast.ana).get(reverse("snapshot", args=[snapshot.pk])))
    assert "waiting for a worker of the queue 'web'" in page


def test_an_analyst_makes_one_by_the_form(cast: Cast) -> None:
    make_ten(cast)
    browser = look_as(cast.ana)
    address = reverse("snapshot-new", args=[cast.study.code])
    page = words(browser.get(address))
    assert "For OP_WHO:" in page
    assert "A tool's result may hold past fractures" in page
    response = browser.post(address, {"task": "OP_WHO", "modalities": ["film"], "columns": "weight_kg, fal_12m"})
    snapshot = Snapshot.objects.get()
    assert response.headers["Location"] == reverse("snapshot", args=[snapshot.pk])
    assert (snapshot.asked_columns, snapshot.modalities) == (["fal_12m", "weight_kg"], ["film"])


def test_a_forbidden_column_comes_back_on_the_form(cast: Cast) -> None:
    response = look_as(cast.ana).post(
        reverse("snapshot-new", args=[cast.study.code]), {"task": "OP_WHO", "columns": "dxa_t"}
    )
    assert response.status_code == 422
    assert "'dxa_t' cannot be a column for OP_WHO: the label" in words(response)


def test_an_unknown_task_is_not_there(cast: Cast) -> None:
    browser = look_as(cast.ana)
    assert browser.get(reverse("snapshot-new", args=[cast.study.code]) + "?task=NOPE").status_code == 404
    assert browser.get(reverse("admissible", args=["NOPE"])).status_code == 404


def test_the_list_shows_those_of_the_own_studies(cast: Cast) -> None:
    make_ten(cast)
    work_on(build_snapshot(actor=cast.ana, study=cast.study, task="OP_WHO"))
    page = words(look_as(cast.paula).get(reverse("snapshots")))
    assert "OP_WHO" in page
    assert "built" in page


@pytest.mark.parametrize("name", ["nora", "mona", "carl", "adam"])
def test_others_have_no_snapshots_page(cast: Cast, name: str) -> None:
    browser = look_as(getattr(cast, name))
    assert browser.get(reverse("snapshots")).status_code == 403
    assert browser.get(reverse("admissible", args=["OP_WHO"])).status_code == 403


def test_the_pi_sees_but_does_not_make(cast: Cast) -> None:
    browser = look_as(cast.paula)
    assert browser.get(reverse("snapshots")).status_code == 200
    assert browser.get(reverse("snapshot-new", args=[cast.study.code])).status_code == 403


@pytest.mark.parametrize("name", ["ana", "paula", "dan"])
def test_test_inputs_are_on_no_page(cast: Cast, name: str) -> None:
    make_ten(cast)
    with act(SETUP, "house.set_up"):
        append_to_ledger("evaluation.sealed", {"label_commit_root": "cd" * 32})
    snapshot = build_test_inputs(
        actor=cast.dan, study=cast.study, task="OP_WHO", columns=["sex"], modalities=[], sealed_sha256="cd" * 32
    )
    work_on(snapshot)
    browser = look_as(getattr(cast, name))
    assert Snapshot.objects.filter(pk=snapshot.pk).exists()
    for page in ("snapshot", "snapshot-manifest"):
        assert browser.get(reverse(page, args=[snapshot.pk])).status_code == 404
    assert str(snapshot.pk)[:8] not in words(browser.get(reverse("snapshots")))


def test_two_snapshots_do_not_tell_whom_the_draw_put_into_the_test(cast: Cast) -> None:
    flow = [
        {"step": "enrolled", "n": 41, "left_out": []},
        {"step": "drawn into training", "n": 28, "left_out": [{"reason": "kept aside by the draw", "n": 13}]},
        {"step": "has a label", "n": 27, "left_out": [{"reason": "not known", "n": 1}]},
    ]
    trained, tested = round_flow(flow), round_flow([flow[0], {**flow[1], "n": 29}, {**flow[2], "n": 28}])
    assert trained[0]["n"] == 41
    assert [one["n"] for one in trained[1:]] == [30, 25]
    assert trained[1] == tested[1]
    assert (tell_count(4), tell_count(28)) == ("fewer than 5", "about 30")


def test_the_manifest_is_handed_out_without_exact_counts_of_people(cast: Cast) -> None:
    make_ten(cast)
    snapshot = build_snapshot(actor=cast.ana, study=cast.study, task="OP_WHO")
    browser = look_as(cast.ana)
    assert browser.get(reverse("snapshot-manifest", args=[snapshot.pk])).status_code == 404
    work_on(snapshot)
    told = browser.get(reverse("snapshot-manifest", args=[snapshot.pk])).json()
    assert (snapshot.manifest["n"], told["n"]) == (7, 5)
    assert [one["n"] for one in told["flow"]] == [10, 10, 10, 5, 5]
    assert all("bytes" in one for one in snapshot.manifest["files"])
    assert not any("bytes" in one or one["path"].startswith("images/") for one in told["files"])
    assert {name: told[name] for name in ("sha256", "origin", "columns")} == {
        name: snapshot.manifest[name] for name in ("sha256", "origin", "columns")
    }


def test_what_is_admissible_is_shown_for_each_task(cast: Cast) -> None:
    page = words(look_as(cast.paula).get(reverse("admissible", args=["FX_WRIST_PAST"])))
    assert "OSQ060" in page
    assert "A diagnosis of osteoporosis, often made because of a fracture" in page
