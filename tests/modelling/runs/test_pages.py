"""The pages of runs: what they show and offer to whom, and what they refuse."""

from django.urls import reverse

from modelling.runs import shown
from modelling.runs.models import TrainingRun
from modelling.runs.services import CURVES
from portal.jobs.models import Job
from portal.roles.actors import Actor
from portal.roles.models import Role
from portal.sites.models import Site
from tests.cast import Cast, act_as, hands
from tests.cohort.exchange.tables import make_public_study
from tests.cohort.pages import look_as, read, words
from tests.modelling.runs.builders import ask, claim_run, do_well, job_of, lay_snapshot_down, reload

POINT = '{"fold": 0, "epoch": 1, "loss": 0.7, "auc": 0.61, "auc_film": null}\n'


def axel(cast: Cast) -> Actor:
    """Return an analyst at a site that has no part in the study."""
    with hands(cast.adam):
        elsewhere = Site.objects.create(name="Elsewhere", prefix="ELS")
    return act_as("Axel Analyst", Role.ANALYST, site=elsewhere)


def test_one_click_starts_a_run(cast: Cast):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    browser = look_as(cast.ana)
    page = words(browser.get(reverse("run-new")))
    assert "30 training participants, 12 with the label" in page
    assert "Fracture after baseline (FX_INC), its events are not counted yet. It can be trained" in page
    typed = {"study": cast.study.code, "task": "OP_WHO", "recipe": "clinical", "profile": "small"}
    response = browser.post(reverse("run-new"), typed)
    run = TrainingRun.objects.get()
    assert response.headers["Location"] == reverse("run", args=[run.pk])
    assert (run.snapshot_id, run.state) == (snapshot.pk, "queued")
    assert "Run 1" in words(browser.get(reverse("runs")))


def test_a_fresh_snapshot_is_built_first_where_asked_or_where_there_is_none(cast: Cast):
    old = lay_snapshot_down(cast.ana, cast.study)
    typed = {"study": cast.study.code, "task": "OP_WHO", "recipe": "clinical", "profile": "small", "fresh": "on"}
    look_as(cast.ana).post(reverse("run-new"), typed)
    look_as(cast.ana).post(reverse("run-new"), {**typed, "task": "FX_FRAG", "fresh": ""})
    runs = TrainingRun.objects.all()
    assert [one.state for one in runs] == ["waiting", "waiting"]
    assert old.pk not in {one.snapshot_id for one in runs}
    page = words(look_as(cast.ana).get(reverse("run", args=[runs[0].pk])))
    assert "its snapshot is being built; training begins by itself after it" in page


def test_what_cannot_work_comes_back_on_the_form(cast: Cast):
    lay_snapshot_down(cast.ana, cast.study)
    typed = {"study": cast.study.code, "task": "FX_WRIST_PAST", "recipe": "clinical", "profile": "small"}
    response = look_as(cast.ana).post(reverse("run-new"), typed)
    assert response.status_code == 422
    assert not TrainingRun.objects.exists()


def test_a_study_that_is_not_there_or_not_open_has_no_launch(cast: Cast):
    assert look_as(cast.ana).get(reverse("run-new") + "?study=nope").status_code == 422
    assert "there is no study to train on yet" in words(look_as(axel(cast)).get(reverse("run-new")))


def test_the_public_study_is_offered_its_own_task_and_recipe(cast: Cast):
    study, _ = make_public_study(cast)
    page = read(look_as(cast.ana).get(reverse("run-new") + f"?study={study.code}"))
    assert "FX_WRIST_PAST" in page
    assert "OP_WHO" not in page
    assert "not counted yet" not in page


def test_the_page_of_a_finished_run_shows_what_came_of_it(cast: Cast):
    run = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study)))
    page = words(look_as(cast.ana).get(reverse("run", args=[run.pk])))
    assert "SIMULATED" in page
    assert "AUC out of fold" in page
    assert "Look at the model" in page
    assert "Clinical baseline" in page
    assert run.model is not None
    assert run.model.name == "Clinical baseline 1"


def test_the_curve_begins_while_the_run_trains(cast: Cast):
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    held = claim_run(run)
    url = reverse("run-curves", args=[run.pk])
    browser = look_as(cast.ana)
    assert browser.get(url).json()["figure"]["data"] == []
    (held.folder / "result").mkdir(parents=True)
    (held.folder / "result" / CURVES).write_text(POINT + '{"fold": 1, "ep', "utf-8")
    answer = browser.get(url).json()
    assert answer["finished"] is False
    assert {line["name"]: line["y"] for line in answer["figure"]["data"]} == {
        "loss in training": [0.7],
        "AUC in the fold left out": [0.61],
    }
    page = words(browser.get(reverse("run", args=[run.pk])))
    assert "After epoch 1 the AUC in the folds left out is 0.610 (means over folds)." in page


def test_a_run_that_is_over_tells_its_page_to_load_anew(cast: Cast):
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    url = reverse("run-progress", args=[run.pk])
    assert "HX-Refresh" not in look_as(cast.ana).get(url)
    look_as(cast.ana).post(reverse("run-cancel", args=[run.pk]))
    assert look_as(cast.ana).get(url)["HX-Refresh"] == "true"


def test_cancelling_twice_is_told_in_words(cast: Cast):
    run = ask(cast)
    browser = look_as(cast.ana)
    assert browser.post(reverse("run-cancel", args=[run.pk])).status_code == 302
    assert reload(run).state == "cancelled"
    again = browser.post(reverse("run-cancel", args=[run.pk]))
    assert again.status_code == 409
    assert "load it again" in words(again)


def test_a_parked_run_offers_another_try_and_takes_it(cast: Cast):
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    with hands(cast.dan):
        Job.objects.filter(pk=job_of(run).pk).update(state="parked", failure_code="memory", failure_text="Too much.")
    url = reverse("run", args=[run.pk])
    assert "Try it again" in words(look_as(cast.ana).get(url))
    assert "Try it again" not in words(look_as(cast.paula).get(url))
    assert look_as(cast.paula).post(reverse("run-again", args=[run.pk])).status_code == 403
    assert look_as(cast.ana).post(reverse("run-again", args=[run.pk])).status_code == 302
    assert reload(run).state == "queued"


def test_a_run_without_a_job_cannot_be_tried_again(cast: Cast):
    response = look_as(cast.ana).post(reverse("run-again", args=[ask(cast).pk]))
    assert response.status_code == 422
    assert "start a new run" in words(response)


ADDRESSES = ("runs", "run-new", "runs-compare", "run", "run-progress", "run-curves")


def test_who_may_not_see_runs_meets_a_no_everywhere(cast: Cast):
    run = ask(cast)
    for who in (cast.nora, cast.mona, cast.carl, cast.adam):
        browser = look_as(who)
        for name in ADDRESSES:
            url = reverse(name, args=[run.pk] if name in ADDRESSES[3:] else [])
            assert browser.get(url).status_code == 403, (who.name, name)


def test_the_pi_sees_a_run_and_may_neither_start_nor_cancel_one(cast: Cast):
    run = ask(cast)
    browser = look_as(cast.paula)
    assert "Train a model" not in words(browser.get(reverse("runs")))
    assert browser.get(reverse("run", args=[run.pk])).status_code == 200
    assert "Stop" not in words(browser.get(reverse("run-progress", args=[run.pk])))
    assert browser.get(reverse("run-new")).status_code == 403
    assert browser.post(reverse("run-cancel", args=[run.pk])).status_code == 403


def test_another_studys_run_is_not_there(cast: Cast):
    run, stranger = ask(cast), axel(cast)
    browser = look_as(stranger)
    assert "Run 1" not in words(browser.get(reverse("runs")))
    for name in ADDRESSES[3:]:
        assert look_as(cast.ana).get(reverse(name, args=[run.pk])).status_code == 200
        assert browser.get(reverse(name, args=[run.pk])).status_code == 404
        assert browser.get(reverse(name, args=[cast.study.pk])).status_code == 404
    assert browser.post(reverse("run-cancel", args=[run.pk])).status_code == 404


def test_runs_of_one_snapshot_are_compared_without_a_warning(cast: Cast):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    runs = [do_well(ask(cast, snapshot, seed=seed)) for seed in (1, 2)]
    page = compare(cast, runs)
    assert "Clinical baseline 1" in page
    assert "Clinical baseline 2" in page
    assert "learned from different snapshots" not in page
    assert "SIMULATED" in page
    assert set(shown.comparison_warnings(runs)) == set()


def test_runs_of_two_snapshots_or_tasks_are_compared_with_a_warning(cast: Cast):
    first = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study)))
    second = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study, seed=2)))
    other = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study, task="FX_FRAG"), task="FX_FRAG"))
    assert "learned from different snapshots" in compare(cast, [first, second])
    assert "different tasks" not in compare(cast, [first, second])
    assert "These runs are of different tasks" in compare(cast, [first, other])


def test_runs_of_two_origins_are_not_set_side_by_side(cast: Cast):
    public, _ = make_public_study(cast)
    first = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study)))
    snapshot = lay_snapshot_down(cast.ana, public, task="FX_WRIST_PAST", modalities=(), seed=2)
    second = do_well(ask(Cast(**{**vars(cast), "study": public}), snapshot, task="FX_WRIST_PAST"))
    assert (first.origin, second.origin) == ("simulated", "human")
    query = "&".join(f"run={one.pk}" for one in (first, second))
    response = look_as(cast.ana).get(f"{reverse('runs-compare')}?{query}")
    assert response.status_code == 422
    assert "simulated and human" in words(response)


def test_nothing_chosen_and_nonsense_chosen(cast: Cast):
    browser = look_as(cast.ana)
    assert "Nothing to compare" in words(browser.get(reverse("runs-compare")))
    response = browser.get(reverse("runs-compare") + "?run=nonsense")
    assert response.status_code == 422
    assert "'nonsense' is no key of a run" in words(response)


def compare(cast: Cast, runs: list[TrainingRun]) -> str:
    query = "&".join(f"run={one.pk}" for one in runs)
    return words(look_as(cast.ana).get(f"{reverse('runs-compare')}?{query}"))
