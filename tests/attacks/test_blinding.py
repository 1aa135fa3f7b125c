"""Attacks on a locked evaluation (TRUST 1.9). What must be unreachable is first shown to be there."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from pytest_django.plugin import DjangoDbBlocker

from portal.audit.chain import list_entries
from portal.audit.record import head
from portal.core.database_roles import LOGIN_ROLES
from portal.embedded.environment import variable_of
from portal.proof import commit, ledger
from tests.database import committed_database
from tests.modelling.blinded import stage as on
from tests.modelling.blinded.stage import Stage
from tests.services import SERVICES, superuser

pytestmark = pytest.mark.fault

ROLES = [role.name for role in LOGIN_ROLES if role.name != "tb_deploy"]
CLOSED = ("sealed_label", "prediction", "score_sheet", "revealed_label")
KEPT = (*CLOSED, "label_batch", "sealed_share", "given_share", "sealing_key", "request", "dataset_row")
MAY_SELECT = {
    "sealed_label": {"tb_scorer"},
    "prediction": {"tb_scorer", "tb_web"},
    "score_sheet": {"tb_scorer", "tb_web"},
    "revealed_label": {"tb_scorer", "tb_web"},
    "label_batch": {"tb_scorer"},
    "sealed_share": {"tb_scorer", "tb_web"},
    "given_share": {"tb_scorer", "tb_web"},
    "sealing_key": {"tb_scorer", "tb_web", "tb_label_writer"},
    "request": {"tb_scorer", "tb_web"},
    "dataset_row": {"tb_scorer", "tb_snapshot"},
}
REFUSED = psycopg.errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def locked(django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """One locked evaluation for all that only tries and changes nothing."""
    with django_db_blocker.unblock(), committed_database() as environment:
        stage = on.set_stage(environment)
        on.bring_to_locked(stage)
        yield stage


def connect(stage: Stage, role: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(stage.environment[variable_of(role)], autocommit=True)


def as_superuser(stage: Stage, question: str) -> list[tuple[object, ...]]:
    database = stage.environment["DATABASE_URL"].split("/")[-1].split("?")[0]
    with superuser(SERVICES, database) as cursor:
        return cursor.execute(question).fetchall()


def test_what_is_closed_is_there(locked: Stage):
    counts = {table: as_superuser(locked, f"SELECT count(*) FROM vault.{table}")[0][0] for table in KEPT}
    assert counts["sealed_label"] == len(locked.test_people()) > 0
    assert counts["prediction"] == 2
    assert counts["sealed_share"] == 3
    assert (counts["score_sheet"], counts["revealed_label"]) == (0, 0)


@pytest.mark.parametrize("table", KEPT)
def test_each_table_of_the_vault_opens_to_its_own_roles_only(locked: Stage, table: str):
    for role in ROLES:
        with connect(locked, role) as connection:
            if role in MAY_SELECT[table]:
                connection.execute(f"SELECT * FROM vault.{table}")
                continue
            for read in (f"SELECT * FROM vault.{table}", f"SELECT count(*) FROM vault.{table}"):
                with pytest.raises(REFUSED):
                    connection.execute(read)


def test_the_web_sees_no_prediction_before_the_reveal(locked: Stage):
    with connect(locked, "tb_web") as connection:
        for table in ("prediction", "score_sheet", "revealed_label"):
            assert connection.execute(f"SELECT count(*) FROM vault.{table}").fetchone() == (0,)
    with connect(locked, "tb_scorer") as connection:
        assert connection.execute("SELECT count(*) FROM vault.prediction").fetchone() == (2,)


WRITES = (
    "INSERT INTO vault.sealed_label SELECT * FROM vault.sealed_label",
    "UPDATE vault.sealed_label SET commitment = ''",
    "DELETE FROM vault.sealed_label",
    "UPDATE vault.prediction SET content = ''",
    "DELETE FROM vault.prediction",
    "UPDATE vault.label_batch SET n_labels = 0",
    "UPDATE vault.sealing_key SET public_key = ''",
    "UPDATE vault.sealed_share SET ciphertext = ''",
    "ALTER POLICY scorer_opens ON vault.sealed_label USING (true)",
    "ALTER TABLE vault.sealed_label DISABLE ROW LEVEL SECURITY",
)


@pytest.mark.parametrize("write", WRITES)
def test_no_login_changes_what_was_sealed(locked: Stage, write: str):
    for role in ROLES:
        with connect(locked, role) as connection, pytest.raises(REFUSED):
            connection.execute(write)


@pytest.mark.parametrize("state", ["draft", "enrolling", "sealed", "submitted", "reported", "archived"])
def test_a_locked_evaluation_goes_nowhere_but_to_the_reveal(locked: Stage, state: str):
    with connect(locked, "tb_web") as connection:
        connection.execute("SELECT set_config('trabecula.act_id', %s, false)", [str(uuid.uuid4())])
        with pytest.raises(psycopg.DatabaseError, match=f"does not go from locked to {state}") as refused:
            connection.execute(f"UPDATE blinded_evaluation SET state = '{state}', sheet_sha256 = 'x'")
    assert refused.value.sqlstate == "OC002"


def test_only_the_scorer_reveals_and_nobody_deletes(locked: Stage):
    with connect(locked, "tb_web") as connection:
        connection.execute("SELECT set_config('trabecula.act_id', %s, false)", [str(uuid.uuid4())])
        with pytest.raises(psycopg.DatabaseError, match="only the scorer reveals"):
            connection.execute("UPDATE blinded_evaluation SET state = 'revealed', sheet_sha256 = 'x'")
        with pytest.raises(REFUSED):
            connection.execute("DELETE FROM blinded_evaluation")
        with pytest.raises(psycopg.DatabaseError, match="begins as a draft"):
            connection.execute(
                "INSERT INTO blinded_evaluation SELECT (jsonb_populate_record(e, jsonb_build_object('id', "
                "gen_random_uuid(), 'task', 'OP_WHO'))).* FROM blinded_evaluation e"
            )
    for role in ("tb_worker", "tb_label_writer", "tb_clinical", "tb_allocator", "tb_snapshot"):
        with connect(locked, role) as connection, pytest.raises(psycopg.DatabaseError):
            connection.execute("UPDATE blinded_evaluation SET state = 'void'")


def test_a_step_without_a_second_person_is_refused_by_the_database_too(fresh_database: dict[str, str]):
    stage = on.set_stage(fresh_database, 10)
    on.draft(stage)
    with connect(stage, "tb_web") as connection:
        connection.execute("SELECT set_config('trabecula.act_id', %s, false)", [str(uuid.uuid4())])
        with pytest.raises(psycopg.DatabaseError, match="two persons must agree to open first") as refused:
            connection.execute("UPDATE blinded_evaluation SET state = 'enrolling', public_key = 'x'")
        assert refused.value.sqlstate == "OC003"
        people = stage.cast.paula.user_pk
        with pytest.raises(psycopg.errors.CheckViolation, match="approval_by_another_person"):
            connection.execute(
                "INSERT INTO blinded_approval (id, proposal_id, proposer_id, approver_id, approved_at) "
                "VALUES (%s, %s, %s, %s, now())",
                [uuid.uuid4(), uuid.uuid4(), people, people],
            )


def test_no_model_and_no_prediction_comes_after_the_hand_in(locked: Stage):
    submission = as_superuser(locked, "SELECT id FROM blinded_submission LIMIT 1")[0][0]
    for role, write in (
        ("tb_web", "UPDATE blinded_submission SET n_cases = 1"),
        ("tb_worker", "UPDATE blinded_submission SET predictions_sha256 = repeat('0', 64)"),
        ("tb_web", "DELETE FROM blinded_submission"),
    ):
        with connect(locked, role) as connection:
            connection.execute("SELECT set_config('trabecula.act_id', %s, false)", [str(uuid.uuid4())])
            with pytest.raises(psycopg.DatabaseError, match="models are entered while an evaluation is sealed"):
                connection.execute(write)
    with connect(locked, "tb_worker") as connection:
        connection.execute("SELECT set_config('trabecula.act_id', %s, false)", [str(uuid.uuid4())])
        insert = (
            "INSERT INTO vault.prediction (id, evaluation_id, submission_id, content, sha256, made_at) "
            "VALUES (%s, %s, %s, '', '', now())"
        )
        with pytest.raises(REFUSED, match="row-level security"):
            connection.execute(insert, [uuid.uuid4(), locked.evaluation_pk, submission])


def test_the_label_writer_seals_no_more_and_never_read_back(locked: Stage):
    with connect(locked, "tb_label_writer") as connection:
        connection.execute("SELECT set_config('trabecula.act_id', %s, false)", [str(uuid.uuid4())])
        insert = (
            "INSERT INTO vault.sealed_label (id, batch_id, evaluation_id, participant_id, ciphertext, commitment) "
            "VALUES (gen_random_uuid(), gen_random_uuid(), %s, gen_random_uuid(), '', '')"
        )
        with pytest.raises(REFUSED, match="row-level security"):
            connection.execute(insert, [locked.evaluation_pk])
        with pytest.raises(REFUSED):
            connection.execute(insert + " RETURNING participant_id", [locked.evaluation_pk])


def test_before_the_lock_the_scorer_sees_no_label_and_says_so(fresh_database: dict[str, str]):
    stage = on.set_stage(fresh_database, 10)
    on.bring_to_sealed(stage)
    assert as_superuser(stage, "SELECT count(*) FROM vault.sealed_label") == [(len(stage.test_people()),)]
    with connect(stage, "tb_scorer") as connection:
        assert connection.execute("SELECT count(*) FROM vault.sealed_label").fetchone() == (0,)


def test_order_and_length_tell_nothing(locked: Stage):
    rows = as_superuser(
        locked,
        "SELECT participant_id, length(ciphertext), length(commitment) FROM vault.sealed_label ORDER BY ctid",
    )
    assert {row[1:] for row in rows} == {(commit.SEALED_BYTES, 32)}
    keys = as_superuser(locked, "SELECT id FROM vault.sealed_label ORDER BY ctid")
    assert keys == sorted(keys), "the order of the table is that of random keys"


def test_statistics_of_the_vault_are_closed(locked: Stage):
    database = locked.environment["DATABASE_URL"].split("/")[-1].split("?")[0]
    with superuser(SERVICES, database) as cursor:
        cursor.execute("ANALYZE vault.sealed_label")
    asked = "SELECT count(*) FROM pg_stats WHERE schemaname = 'vault' AND tablename = 'sealed_label'"
    assert as_superuser(locked, asked) != [(0,)]
    for role in set(ROLES) - {"tb_scorer"}:
        with connect(locked, role) as connection:
            found = connection.execute(asked).fetchone()
            assert found == (0,), role


def test_a_ledger_that_was_cut_and_written_anew_does_not_meet_its_anchor(locked: Stage):
    last = head()
    assert last is not None
    anchor = ledger.Anchor(last.seq, last.hash)
    entries = list(list_entries())
    assert ledger.check_anchor(entries, anchor) == []
    cut = entries[:-2]
    forged = ledger.append(cut[-1], {**entries[-2].body, "why": "forged"})
    again = [*cut, forged, ledger.append(forged, entries[-1].body)]
    assert ledger.verify_chain(again) == []
    assert ledger.check_anchor(again, anchor) != []
