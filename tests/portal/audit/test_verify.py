"""The audit can be proved: whatever is changed, deleted, added or cut off afterwards is named."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal.audit.record import head
from portal.audit.sealer import seal
from portal.proof import ledger
from portal.roles.actors import SETUP
from portal.sites.models import Site
from tests.cast import hands, make_cast, make_participant
from tests.services import ROOT, SERVICES, superuser


def verify(environment: dict[str, str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run `manage.py verify_audit` as a person would; return its exit status and what it found."""
    inherited = {key: value for key, value in os.environ.items() if key != "TRABECULA_PROCESS"}
    done = subprocess.run(
        [sys.executable, "manage.py", "verify_audit", "--json", *arguments],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[0])


def tamper(environment: dict[str, str], *statements: str) -> None:
    """Change the database as somebody with full power over it would: triggers off, then straight SQL."""
    database = environment["DATABASE_URL"].split("/")[-1].split("?")[0]
    with superuser(SERVICES, database) as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def sealed(fresh_database: dict[str, str]) -> dict[str, str]:
    """A database in which somebody was enrolled and everything is sealed."""
    make_participant(make_cast())
    assert seal() > 20
    return fresh_database


def test_an_untouched_audit_holds(sealed: dict[str, str]) -> None:
    status, report = verify(sealed)
    assert (status, report["findings"], report["n_unsealed"]) == (0, [], 0)
    assert report["n_events"] > 20


def test_sealing_twice_seals_nothing_twice(sealed: dict[str, str]) -> None:
    assert seal() == 0


def test_what_is_not_yet_sealed_is_checked_too(sealed: dict[str, str]) -> None:
    with hands(SETUP):
        Site.objects.create(name="Later", prefix="LAT")
    assert verify(sealed)[1]["n_unsealed"] == 2
    tamper(
        sealed,
        'UPDATE audit_event SET payload = payload || \'{"op": "X"}\' WHERE id = (SELECT max(id) FROM audit_event)',
    )
    assert verify(sealed)[0] == 1


def test_a_changed_value_names_its_row(sealed: dict[str, str]) -> None:
    tamper(
        sealed,
        "UPDATE audit_event SET payload = jsonb_set(payload, '{values,sex}', '\"M\"') "
        "WHERE source = 'participants_participant'",
    )
    status, report = verify(sealed)
    assert status == 1
    assert len(report["findings"]) == 1
    assert "of participants_participant): found values that were changed" in report["findings"][0]


def test_a_value_changed_with_its_commitment_is_named_all_the_same(sealed: dict[str, str]) -> None:
    tamper(
        sealed,
        'UPDATE identity.audit_event SET payload = payload || \'{"op": "DELETE"}\'',
        "UPDATE identity.audit_event SET commitment = sha256(salt || convert_to(payload::text, 'UTF8'))",
    )
    status, report = verify(sealed)
    assert status == 1
    assert any("of person): found commitment" in one for one in report["findings"])


def test_a_deleted_event_is_missed(sealed: dict[str, str]) -> None:
    tamper(sealed, "DELETE FROM vault.audit_event WHERE source = 'assignment'")
    status, report = verify(sealed)
    assert status == 1
    assert any("of vault: found no row, wanted the row that was sealed" in one for one in report["findings"])


def test_a_batch_rewritten_with_its_events_does_not_fit_the_ledger(sealed: dict[str, str]) -> None:
    tamper(
        sealed,
        "UPDATE audit_batch SET event_ids = event_ids[2:], leaves = substring(leaves FROM 33) WHERE zone = 'public'",
        "DELETE FROM audit_event WHERE id = (SELECT min(id) FROM audit_event)",
    )
    status, report = verify(sealed)
    assert status == 1
    assert any("wanted a root that ledger entry" in one for one in report["findings"])


def test_a_deleted_batch_is_missed(sealed: dict[str, str]) -> None:
    tamper(sealed, "DELETE FROM audit_batch WHERE zone = 'outcome' OR zone = 'public'")
    assert any("found no batch" in one for one in verify(sealed)[1]["findings"])


def test_a_changed_ledger_entry_breaks_the_chain(sealed: dict[str, str]) -> None:
    tamper(sealed, "UPDATE audit_ledgerentry SET body = replace(body, 'draw.nonce', 'draw.other') WHERE seq = 1")
    assert any(one.startswith("ledger entry 1: found hash") for one in verify(sealed)[1]["findings"])


def test_a_chain_cut_at_its_end_is_seen_only_against_an_anchor(sealed: dict[str, str], tmp_path: Path) -> None:
    last = head()
    assert last is not None
    anchor = tmp_path / "anchor.json"
    anchor.write_bytes(ledger.write_anchor(ledger.Anchor(last.seq, last.hash)))
    assert verify(sealed, "--anchor", str(anchor))[0] == 0
    tamper(
        sealed,
        "DELETE FROM audit_batch WHERE entry_id >= (SELECT min(entry_id) FROM audit_batch)",
        "DELETE FROM audit_ledgerentry WHERE body LIKE '%audit.batch%'",
    )
    assert verify(sealed)[0] == 0
    status, report = verify(sealed, "--anchor", str(anchor))
    assert status == 1
    assert any("as anchored outside" in one for one in report["findings"])


def test_an_erased_event_is_named_and_the_chain_still_holds(sealed: dict[str, str]) -> None:
    tamper(sealed, "UPDATE identity.audit_event SET payload = NULL, salt = NULL")
    status, report = verify(sealed)
    assert status == 0
    assert len(report["erased"]) == 1
    assert "of person" in report["erased"][0]
