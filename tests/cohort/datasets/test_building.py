"""A snapshot from the click to the files: who is in, what is written, and what is refused."""

import csv
import json
from pathlib import Path

import pytest
from django.db import DatabaseError, connections

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.crf.models import OutcomeRecord
from cohort.datasets.building import folder_of
from cohort.datasets.models import DatasetRow, Snapshot
from cohort.datasets.services import build_snapshot, build_test_inputs, is_usable, lay_snapshot
from cohort.labels.services import label_participants
from portal.audit.context import act
from portal.audit.record import append_to_ledger
from portal.core.errors import NotAllowed, Refused
from portal.jobs.services import cancel_job
from portal.roles.actors import SETUP
from tests.cast import Cast, days_ago
from tests.cohort.datasets.people import FOREARM_ONLY, enrol, fill, in_part, make_ten, work_on

pytestmark = pytest.mark.usefixtures("fresh_database", "home")
SEAL = "ab" * 32


@pytest.fixture
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    tmp_path.chmod(0o711)
    return tmp_path


def read_csv(snapshot: Snapshot, name: str) -> list[dict[str, str]]:
    with (folder_of(snapshot) / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def build(cast: Cast, **changes: object) -> Snapshot:
    return build_snapshot(actor=cast.ana, **{"study": cast.study, "task": "OP_WHO", **changes})  # type: ignore[arg-type]


def test_a_snapshot_holds_training_participants_alone(cast: Cast) -> None:
    people = make_ten(cast)
    snapshot = build(cast)
    job = work_on(snapshot)
    assert (job.state, job.failure_text) == ("finished", "")
    rows = DatasetRow.objects.using("snapshot").filter(snapshot_id=snapshot.pk)
    assert set(rows.values_list("participant_id", flat=True)) == {one.pk for one in in_part(people, test=False)}
    assert len(in_part(people, test=True)) == 3
    assert (snapshot.n, snapshot.origin) == (7, "simulated")
    assert [row["token"] for row in read_csv(snapshot, "table.csv")] == sorted(rows.values_list("token", flat=True))


def test_its_labels_are_those_of_the_rule(cast: Cast) -> None:
    people = make_ten(cast)
    snapshot = build(cast)
    work_on(snapshot)
    with_event = {one.pk for number, one in enumerate(people) if number % 2} & {
        one.pk for one in in_part(people, test=False)
    }
    rows = DatasetRow.objects.using("snapshot").filter(snapshot_id=snapshot.pk)
    labels = {row["token"]: row["label"] for row in read_csv(snapshot, "labels.csv")}
    assert {row.participant_id for row in rows if labels[row.token] == "1"} == with_event
    assert snapshot.n_events == len(with_event)


def test_the_manifest_tells_what_was_left_out_and_every_hash(cast: Cast) -> None:
    make_ten(cast)
    snapshot = build(cast)
    work_on(snapshot)
    manifest = json.loads((folder_of(snapshot) / "manifest.json").read_text("utf-8"))
    assert manifest["sha256"] == snapshot.sha256
    assert {one["path"] for one in manifest["files"]} == {"table.csv", "labels.csv", "images.csv"}
    assert {"weight_kg", "fal_12m", "age_y", "sex"} <= {one["name"] for one in manifest["columns"]}
    left_out = {one["name"]: one["reason"] for one in manifest["left_out"]}
    assert left_out["dxa_t"] == "the label: hip and spine T-scores make the label"
    assert left_out["dob"] == "identifies; age stands in for it"
    assert [step["n"] for step in manifest["flow"]] == [10, 10, 10, 7, 7]


def test_nothing_in_the_files_names_a_participant(cast: Cast) -> None:
    people = make_ten(cast)
    snapshot = build(cast)
    work_on(snapshot)
    text = "".join(path.read_text("utf-8") for path in folder_of(snapshot).iterdir() if path.is_file())
    assert "66" in text
    for one in people:
        assert one.code not in text
        assert str(one.pk) not in text


def test_who_did_not_consent_to_training_is_left_out_and_counted(cast: Cast) -> None:
    make_ten(cast)
    fill(cast, enrol(cast, 10, con_i_ai=False), FOREARM_ONLY)
    snapshot = build(cast)
    work_on(snapshot)
    step = next(one for one in snapshot.flow if one["step"].startswith("consent"))
    assert step["left_out"] == [{"reason": "'images used to train and test AI' was answered no", "n": 1}]


def test_who_has_no_baseline_yet_is_left_out_and_counted(cast: Cast) -> None:
    make_ten(cast)
    enrol(cast, 10)
    snapshot = build(cast)
    work_on(snapshot)
    assert snapshot.flow[1]["left_out"] == [{"reason": "not seen at baseline yet", "n": 1}]


def test_a_study_in_which_nobody_is_ready_gives_no_snapshot(cast: Cast) -> None:
    enrol(cast, 0)
    snapshot = build(cast)
    job = work_on(snapshot)
    assert job.state == "failed"
    assert "nobody is left for this snapshot" in job.failure_text
    assert not snapshot.is_built


def test_a_forbidden_column_is_refused_by_name(cast: Cast) -> None:
    with pytest.raises(Refused, match="'rsk_mof10' cannot be a column for OP_WHO: a tool's result"):
        build(cast, columns=["weight_kg", "rsk_mof10"])


def test_a_label_is_refused_as_a_column(cast: Cast) -> None:
    with pytest.raises(Refused, match="'dxa_t' cannot be a column for OP_WHO: the label"):
        build(cast, columns=["dxa_t"])


def test_an_unknown_column_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="'shoe_size' is classified for no task"):
        build(cast, columns=["shoe_size"])


def test_a_task_of_another_study_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="'FX_WRIST_PAST' is no task of 'wrist'; possible: OP_WHO, FX_FRAG, FX_INC"):
        build(cast, task="FX_WRIST_PAST")


@pytest.mark.parametrize("name", ["nora", "mona", "carl", "paula"])
def test_only_analysts_and_data_managers_ask_for_one(cast: Cast, name: str) -> None:
    with pytest.raises(NotAllowed, match=r"'snapshot\.build' is for"):
        build_snapshot(actor=getattr(cast, name), study=cast.study, task="OP_WHO")


def test_asking_twice_gives_the_same_snapshot(cast: Cast) -> None:
    make_ten(cast)
    assert build(cast).pk == build(cast).pk
    assert build(cast, columns=["weight_kg"]).pk != build(cast).pk


def test_columns_that_were_asked_for_come_alone(cast: Cast) -> None:
    make_ten(cast)
    snapshot = build(cast, columns=["weight_kg"])
    work_on(snapshot)
    assert list(read_csv(snapshot, "table.csv")[0]) == ["token", "weight_kg"]


def test_the_forearms_dxa_is_refused_where_it_makes_every_label(cast: Cast) -> None:
    for number in range(10):
        fill(cast, enrol(cast, number), FOREARM_ONLY)
    snapshot = build(cast)
    job = work_on(snapshot)
    assert job.state == "failed"
    assert "'image.dxa' cannot be an input for OP_WHO" in job.failure_text
    without = build(cast, modalities=["film", "pqct"])
    assert work_on(without).state == "finished"


def test_a_built_snapshot_never_changes(cast: Cast) -> None:
    make_ten(cast)
    snapshot = build(cast)
    work_on(snapshot)
    with pytest.raises(DatabaseError, match="never changes"), act(SETUP, "house.set_up"):
        Snapshot.objects.filter(pk=snapshot.pk).update(n=8)


def test_its_origin_is_its_studys(cast: Cast) -> None:
    make_ten(cast)
    with pytest.raises(DatabaseError, match="snapshot_origin_is_the_studys"), act(SETUP, "house.set_up"):
        Snapshot.objects.create(study=cast.study, origin="human", task="OP_WHO", rule_version="v1", purpose="train")


def test_files_that_were_changed_are_never_handed_on(cast: Cast, tmp_path: Path) -> None:
    make_ten(cast)
    snapshot = build(cast)
    work_on(snapshot)
    lay_snapshot(snapshot, tmp_path / "whole")
    assert (tmp_path / "whole" / "table.csv").is_file()
    table = folder_of(snapshot) / "table.csv"
    table.chmod(0o600)
    table.write_text(table.read_text("utf-8").replace("61.5", "62.5"), "utf-8")
    with pytest.raises(Refused, match=r"changed on the disk: 1 file\(s\) are not what the manifest says.*table\.csv"):
        lay_snapshot(snapshot, tmp_path / "again")


def test_a_withdrawal_of_all_use_makes_it_unusable(cast: Cast) -> None:
    people = make_ten(cast)
    snapshot = build(cast)
    work_on(snapshot)
    assert is_usable(snapshot).is_usable
    withdraw_consent(actor=cast.nora, participant=people[0], level=Level.NO_FURTHER_ACCESS, withdrawn_on=days_ago(0))
    assert is_usable(snapshot).is_usable
    # Said before it was made, and written down after.
    withdraw_consent(actor=cast.nora, participant=people[0], level=Level.NO_FURTHER_USE, withdrawn_on=days_ago(3))
    assert "has withdrawn from any further use" in is_usable(snapshot).reason_against
    work_on(later := build(cast))
    assert is_usable(later).is_usable


def test_whether_a_leaver_was_in_it_cannot_be_told_from_it(cast: Cast) -> None:
    people = make_ten(cast)
    snapshot = build(cast)
    work_on(snapshot)
    test_participant = in_part(people, test=True)[0]
    withdraw_consent(
        actor=cast.nora, participant=test_participant, level=Level.NO_FURTHER_USE, withdrawn_on=days_ago(0)
    )
    assert not is_usable(snapshot).is_usable


def test_a_cancelled_snapshot_leaves_no_files(cast: Cast, home: Path) -> None:
    make_ten(cast)
    snapshot = build(cast)
    assert snapshot.job is not None
    cancel_job(actor=cast.ana, job=snapshot.job)
    assert not (home / "snapshots").exists()


def test_test_inputs_wait_for_the_seal(cast: Cast) -> None:
    make_ten(cast)
    asked = {"study": cast.study, "task": "OP_WHO", "columns": ["weight_kg"], "modalities": ["film"]}
    with pytest.raises(Refused, match="only after the labels are sealed"):
        build_test_inputs(actor=cast.dan, sealed_sha256=SEAL, **asked)
    with act(SETUP, "house.set_up"):
        append_to_ledger("evaluation.sealed", {"label_commit_root": SEAL})
    assert build_test_inputs(actor=cast.dan, sealed_sha256=SEAL, **asked).purpose == "test"


def test_test_inputs_hold_the_test_participants_and_no_label(cast: Cast) -> None:
    people = make_ten(cast)
    with act(SETUP, "house.set_up"):
        append_to_ledger("evaluation.sealed", {"label_commit_root": SEAL})
    snapshot = build_test_inputs(
        actor=cast.dan, study=cast.study, task="OP_WHO", columns=["weight_kg"], modalities=[], sealed_sha256=SEAL
    )
    assert work_on(snapshot).state == "finished"
    rows = DatasetRow.objects.using("snapshot").filter(snapshot_id=snapshot.pk)
    assert set(rows.values_list("participant_id", flat=True)) == {one.pk for one in in_part(people, test=True)}
    assert not (folder_of(snapshot) / "labels.csv").exists()
    assert snapshot.n_events is None


@pytest.mark.parametrize("name", ["ana", "paula", "nora"])
def test_an_analyst_may_not_ask_for_test_inputs(cast: Cast, name: str) -> None:
    with pytest.raises(NotAllowed, match=r"'snapshot\.build_test' is for"):
        build_test_inputs(
            actor=getattr(cast, name),
            study=cast.study,
            task="OP_WHO",
            columns=[],
            modalities=[],
            sealed_sha256=SEAL,
        )


def test_each_closed_role_reads_the_outcomes_of_its_own_part_alone(cast: Cast) -> None:
    people = make_ten(cast)
    by_clinic = set(OutcomeRecord.objects.values_list("participant_id", flat=True))
    assert by_clinic == {one.pk for one in people}
    for alias, is_test in (("snapshot", False), ("labels", True)):
        seen = set(OutcomeRecord.objects.using(alias).values_list("participant_id", flat=True))
        assert seen == {one.pk for one in in_part(people, test=is_test)}
        labels = label_participants(cast.study, "OP_WHO", alias=alias)
        assert set(labels) == seen
        assert None not in {label.value for label in labels.values()}


@pytest.mark.parametrize("alias", ["default", "clinical", "labels", "identity"])
def test_who_stands_behind_a_token_is_closed_to_everybody_else(cast: Cast, alias: str) -> None:
    make_ten(cast)
    snapshot = build(cast)
    work_on(snapshot)
    assert DatasetRow.objects.using("snapshot").filter(snapshot_id=snapshot.pk).count() == 7
    with pytest.raises(DatabaseError, match="permission denied"), connections[alias].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault.dataset_row")
