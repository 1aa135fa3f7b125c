"""Merkle batches: the commitments must give the root, the number and the zone that stand in the ledger."""

from dataclasses import replace

import pytest

from portal.proof import batches
from portal.proof.findings import Unreadable
from tests.portal.proof.builders import LEAVES, at, make_batched_ledger, make_ledger

BATCH = batches.Batch(3, "clinical", LEAVES)
ENTRY = make_batched_ledger()[2]


def test_a_batch_that_fits_its_entry_has_no_findings() -> None:
    assert batches.check_batch(BATCH, ENTRY) == []


def test_a_changed_commitment_changes_the_root() -> None:
    (finding,) = batches.check_batch(replace(BATCH, leaves=(b"x" * 32, *LEAVES[1:])), ENTRY)
    assert finding.where == "batch of ledger entry 3"
    assert finding.found.startswith("root ")


def test_commitments_in_another_order_change_the_root() -> None:
    assert batches.check_batch(replace(BATCH, leaves=LEAVES[::-1]), ENTRY)


def test_a_missing_commitment_is_found_by_number_and_root() -> None:
    findings = batches.check_batch(replace(BATCH, leaves=LEAVES[:-1]), ENTRY)
    assert findings[0].found == "n 4"
    assert findings[0].wanted == "n 5"


def test_a_batch_of_another_zone_is_found() -> None:
    (finding,) = batches.check_batch(replace(BATCH, zone="open"), ENTRY)
    assert (finding.found, finding.wanted) == ("zone open", "zone clinical")


@pytest.mark.parametrize("entry", [None, make_ledger(1)[0]])
def test_a_batch_without_an_entry_of_its_kind_is_found(entry: object) -> None:
    (finding,) = batches.check_batch(BATCH, entry)  # type: ignore[arg-type]
    assert "no ledger entry of this number is of the kind audit.batch" in finding.wanted


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one commitment"):
        batches.make_body(at=at(0), zone="clinical", leaves=[])


def test_a_line_reads_back_as_its_batch() -> None:
    assert batches.read_line(batches.write_line(BATCH)) == BATCH


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"x", "cannot be read"),
        (b"[]", "exactly the fields leaves, seq, zone"),
        (b'{"leaves":[],"seq":1,"zone":"a","root":"b"}', "cannot be read"),
        (b'{"leaves":[],"root":"b","seq":1,"zone":"a"}', "exactly the fields leaves, seq, zone"),
        (b'{"leaves":[],"seq":"1","zone":"a"}', "a number `seq`"),
        (b'{"leaves":["xy"],"seq":1,"zone":"a"}', "hexadecimal"),
        (b'{"leaves":[5],"seq":1,"zone":"a"}', "hexadecimal"),
    ],
)
def test_a_line_that_is_no_batch_is_unreadable(line: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        batches.read_line(line)
