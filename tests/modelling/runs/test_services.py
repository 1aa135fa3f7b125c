"""A run from the wish to its model version, and every way it is refused, stopped or fails."""

import json
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.db.utils import IntegrityError

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.datasets.building import folder_of
from cohort.participants.models import Participant
from modelling.runs.models import TrainingRun
from modelling.runs.services import CURVES, cancel_run, finish, launch_waiting, narrow, prepare, read_curves, start_run
from modelling.zoo.models import ModelVersion
from portal.core.errors import NotAllowed, Refused, WrongState
from portal.jobs.models import Job
from portal.jobs.services import try_job_again
from portal.roles.models import Role
from tests.cast import Cast, act_as, days_ago, hands, make_participant
from tests.cohort.datasets.people import work_on
from tests.modelling.runs.builders import ask, claim_run, do, do_well, job_of, lay_snapshot_down, reload
from tests.portal.accounts.people import leaves_one

MEASURED = {"columns": [{"name": "age_y", "group": "dem"}, {"name": "pqct.ssi@33", "group": "pqct"}]}


def test_a_clinical_baseline_gets_what_was_measured_in_images_by_name_alone():
    asked = {"recipe": "clinical", "columns": None, "seed": 3}
    assert narrow(asked, MEASURED) == {**asked, "columns": ["age_y"]}
    for other in ({**asked, "columns": ["pqct.ssi@33"]}, {"recipe": "fusion", "columns": None}):
        assert narrow(other, MEASURED) == other


def test_a_run_of_the_clinical_recipe_leaves_one_model_version(cast: Cast):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    with leaves_one("run.start"):
        run = ask(cast, snapshot)
    assert (run.number, run.state, run.origin, job_of(run).origin) == (1, "queued", "simulated", "simulated")
    done = do_well(run)
    model = ModelVersion.objects.get()
    assert done.model == model
    assert (model.number, model.origin, model.snapshot_id) == (1, "simulated", snapshot.pk)
    assert model.answers_from == "table"
    assert model.metrics["inputs"]["table"]["n"] == 30
    assert model.card["looks_at"]["columns"] == ["age_y", "weight_kg", "sex", "fall_12m"], "answers alone"
    assert done.curves == read_curves(job_folder(done) / "result" / CURVES)
    assert {point["fold"] for point in done.curves} == {0, 1}


def test_a_run_of_the_fusion_recipe_answers_from_the_radiograph_alone(cast: Cast):
    done = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study), recipe="fusion"))
    model = ModelVersion.objects.get()
    assert (done.model, model.answers_from) == (model, "film")
    assert {"film", "all"} <= set(model.metrics["inputs"])
    assert len(done.curves) == 4, "two folds of two epochs"


@pytest.mark.parametrize("modalities", [(), ("dxa", "pqct")])
def test_a_fusion_of_people_without_radiographs_is_registered_with_what_it_answers_from(
    cast: Cast, modalities: tuple[str, ...]
):
    snapshot = lay_snapshot_down(cast.ana, cast.study, modalities=modalities)
    model = do_well(ask(cast, snapshot, recipe="fusion")).model
    assert model is not None
    assert (model.answers_from, tuple(model.modalities)) == ("all", modalities)
    assert set(model.metrics["inputs"]) == {"all"}


def test_the_copy_of_the_snapshot_goes_and_the_snapshot_stays(cast: Cast):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    run = ask(cast, snapshot)
    held = claim_run(run)
    held.folder.mkdir(parents=True)
    prepare(held, held.folder)
    assert (held.folder / "snapshot" / "table.csv").is_file()
    config = json.loads((held.folder / "config.json").read_text("utf-8"))
    assert (config["task"], config["recipe"]) == ("OP_WHO", "clinical")
    other = ask(cast, snapshot, seed=2)
    folder = job_folder(do_well(other))
    assert not (folder / "snapshot").exists()
    assert (folder_of(snapshot) / "table.csv").is_file()


def test_runs_of_a_study_are_counted_and_asked_for_again_as_often_as_one_likes(cast: Cast):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    runs = [ask(cast, snapshot) for _ in range(3)]
    assert [one.number for one in runs] == [1, 2, 3]
    assert len({job_of(one).pk for one in runs}) == 3


@pytest.mark.parametrize("role", sorted(set(Role.values) - {Role.ANALYST}))
def test_nobody_but_an_analyst_starts_a_run(cast: Cast, role: str):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    with pytest.raises(NotAllowed, match=r"'run\.start' is for: analyst"):
        start_run(
            actor=act_as("Sam Somebody", role), study=cast.study, task="OP_WHO", recipe="clinical", snapshot=snapshot
        )
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipe": "magic"}, "recipe is 'magic'; wanted one of fusion, clinical"),
        ({"profile": "huge"}, "profile is 'huge'"),
        ({"folds": 1}, "folds is 1; wanted a whole number from 2 to 20"),
        ({"colour": "red"}, "the setting 'colour' is not known to the recipe 'clinical'"),
        ({"recipe": "fusion", "modalities": ["mri"]}, "modalities names 'mri'"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(cast: Cast, changes: dict[str, object], words: str):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    with pytest.raises(Refused, match=words):
        ask(cast, snapshot, **changes)  # type: ignore[arg-type]
    assert not Job.objects.exists()


def test_a_snapshot_of_another_task_or_study_or_of_test_inputs_is_refused(cast: Cast):
    other_task = lay_snapshot_down(cast.ana, cast.study, task="FX_FRAG")
    with pytest.raises(Refused, match="is of 'FX_FRAG' of another study or task; 'OP_WHO' of wrist was asked"):
        ask(cast, other_task)
    inputs = lay_snapshot_down(cast.ana, cast.study, purpose="test", seed=2)
    with pytest.raises(Refused, match="holds test inputs; nobody trains on them"):
        ask(cast, inputs)


def test_a_snapshot_is_refused_once_somebody_took_every_use_back(cast: Cast):
    ann = make_participant(cast)
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    assert ask(cast, snapshot).state == "queued"
    withdraw_from_all(cast, ann)
    with pytest.raises(Refused, match="somebody of the study has withdrawn from any further use"):
        ask(cast, snapshot)


def test_a_run_that_waits_does_not_begin_after_somebody_took_every_use_back(cast: Cast):
    ann = make_participant(cast)
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    withdraw_from_all(cast, ann)
    done = do(run)
    assert done.state == "failed"
    assert "has withdrawn from any further use" in job_of(done).failure_text
    assert not ModelVersion.objects.exists()


def test_a_snapshot_that_was_changed_on_the_disk_is_not_learned_from(cast: Cast):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    table = folder_of(snapshot) / "labels.csv"
    table.write_text(table.read_text("utf-8").replace(",0", ",1", 1), "utf-8")
    done = do(ask(cast, snapshot))
    assert done.state == "failed"
    assert "was changed on the disk" in job_of(done).failure_text


def test_a_column_that_the_snapshot_lacks_fails_in_words(cast: Cast):
    done = do(ask(cast, lay_snapshot_down(cast.ana, cast.study), columns=["grip_best"]))
    assert done.state == "failed"
    assert "grip_best" in job_of(done).failure_text


def test_files_other_than_those_reported_make_no_model(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    wanted: dict[str, str] = {}

    def other(job: Job, folder: object, result: dict[str, object]) -> None:
        wanted.update(model_sha256=str(result["model_sha256"]))
        finish(job, folder, {**result, "model_sha256": "0" * 64})  # type: ignore[arg-type]

    monkeypatch.setattr("portal.jobs.leases.get_kind", lambda name: type("Kind", (), {"finish": staticmethod(other)}))
    done = do(run)
    assert done.state == "failed"
    assert f"model_sha256 is '{wanted['model_sha256']}'" in job_of(done).failure_text
    assert not ModelVersion.objects.exists()


def test_a_run_that_has_its_model_version_gets_no_second_one(cast: Cast):
    done = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study)))
    job = job_of(done)
    with pytest.raises(Refused, match="run 1 has its model version already"), hands(cast.ana):
        finish(job, job_folder(done), job.result or {})
    assert ModelVersion.objects.count() == 1


def test_the_database_lets_no_run_change_its_model_its_wish_or_its_origin(cast: Cast):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    first, second = do_well(ask(cast, snapshot)), do_well(ask(cast, snapshot))
    rows = TrainingRun.objects.filter(pk=first.pk)
    assert {first.model, second.model} == set(ModelVersion.objects.all())
    for changes in ({"model": None}, {"config": {}}, {"number": 9}, {"origin": "human"}):
        with pytest.raises(DatabaseError), hands(cast.ana):
            rows.update(**changes)
    with pytest.raises(DatabaseError, match="run_origin_is_the_snapshots"), hands(cast.ana):
        TrainingRun.objects.create(
            study=cast.study, snapshot=snapshot, origin="human", task="OP_WHO", number=9, config={}
        )


def test_a_run_without_a_snapshot_waits_for_one_and_begins_by_itself(cast: Cast):
    run = ask(cast)
    assert (run.state, run.job) == ("waiting", None)
    assert launch_waiting() == 0, "its snapshot is not built yet"
    make_as_if_built(cast, run)
    assert launch_waiting() == 1
    assert launch_waiting() == 0, "once is enough"
    assert reload(run).state == "queued"


def test_a_run_whose_snapshot_fails_ends_and_says_why(cast: Cast):
    make_participant(cast)
    run = ask(cast)
    assert work_on(run.snapshot).state == "failed"
    assert launch_waiting() == 1
    ended = reload(run)
    assert ended.state == "failed"
    assert ended.stopped_why.startswith("Its snapshot could not be built. ")
    assert "nobody is left for this snapshot" in ended.stopped_why
    with pytest.raises(WrongState, match="'cancel' cannot happen: the run has begun or is over"):
        cancel_run(actor=cast.ana, run=ended)


def test_a_run_is_cancelled_while_it_waits_for_its_snapshot(cast: Cast):
    run = ask(cast)
    with leaves_one("run.cancel"):
        cancel_run(actor=cast.ana, run=run, why="the wrong task")
    assert reload(run).state == "cancelled"
    make_as_if_built(cast, run)
    assert launch_waiting() == 0
    with pytest.raises(WrongState, match="is over"):
        cancel_run(actor=cast.ana, run=reload(run))


def test_a_run_that_waits_for_a_worker_is_cancelled_and_not_twice(cast: Cast):
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    cancel_run(actor=cast.dan, run=run)
    assert reload(run).state == "cancelled"
    with pytest.raises(WrongState, match="'cancel' cannot happen while 'cancelled'"):
        cancel_run(actor=cast.ana, run=reload(run))


def test_a_stale_copy_of_a_waiting_run_cannot_be_cancelled(cast: Cast):
    run = ask(cast)
    stale = reload(run)
    make_as_if_built(cast, run)
    launch_waiting()
    with pytest.raises(WrongState, match="the run has begun or is over; load it again"):
        cancel_run(actor=cast.ana, run=stale)


@pytest.mark.parametrize("who", ["paula", "nora", "mona", "carl", "adam"])
def test_others_cancel_no_run(cast: Cast, who: str):
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    with pytest.raises(NotAllowed, match=r"'run\.cancel'"):
        cancel_run(actor=getattr(cast, who), run=run)
    assert reload(run).state == "queued"


def test_a_parked_run_is_tried_again(cast: Cast):
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    with hands(cast.dan):
        Job.objects.filter(pk=job_of(run).pk).update(state="parked", failure_code="memory", failure_text="too much")
    try_job_again(actor=cast.ana, job=job_of(reload(run)))
    assert do_well(reload(run)).model is not None


def test_a_line_of_the_curves_that_is_still_being_written_is_left_out(cast: Cast):
    path = folder_of(lay_snapshot_down(cast.ana, cast.study)) / "curves.jsonl"
    assert read_curves(path) == []
    path.write_text('{"fold": 0, "epoch": 1}\n{"fold": 0, "ep', "utf-8")
    assert read_curves(path) == [{"fold": 0, "epoch": 1}]


def test_two_runs_of_one_number_are_refused_by_the_database(cast: Cast):
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    again = {"study": cast.study, "snapshot": run.snapshot, "origin": "simulated", "task": "OP_WHO", "config": {}}
    with pytest.raises(IntegrityError, match="run_number_once"), hands(cast.ana):
        TrainingRun.objects.create(number=run.number, **again)


def make_as_if_built(cast: Cast, run: TrainingRun) -> None:
    """Have the snapshot that a run waits for built, from another one's files."""
    other = lay_snapshot_down(cast.ana, cast.study, seed=3)
    with hands(cast.ana):
        type(other).objects.filter(pk=run.snapshot_id).update(
            sha256=other.sha256, built_at=other.built_at, n=other.n, n_events=12, manifest=other.manifest
        )


def withdraw_from_all(cast: Cast, participant: Participant) -> None:
    """Let somebody take back every use of their data today."""
    withdraw_consent(
        actor=cast.nora,
        participant=participant,
        level=Level.NO_FURTHER_USE,
        withdrawn_on=days_ago(0),
        why="by letter",
    )


def job_folder(run: TrainingRun) -> Path:
    """Return the folder of the newest attempt of a run's job."""
    return max((folder_of(run.snapshot).parents[1] / "jobs" / str(run.job_id)).glob("attempt-*"))
