"""Merkle batches: many small commitments, such as those of the audit's rows, under one root in the ledger.

A writer of rows waits for no chain; the sealer gathers what was written and enters one root. Erasing a row's values
later leaves its commitment, so the root still holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from portal.proof import jcs, merkle
from portal.proof.findings import Finding, Unreadable
from portal.proof.ledger import Entry

KIND = "audit.batch"
"""The `kind` of a ledger entry that holds the root of a batch."""

_FIELDS = {"seq", "zone", "leaves"}


@dataclass(frozen=True)
class Batch:
    """The commitments under the root of one ledger entry.

    seq: the number of that entry. zone: which part of the audit the rows belong to. leaves: in their order.
    """

    seq: int
    zone: str
    leaves: tuple[bytes, ...]


def make_body(*, at: str, zone: str, leaves: Sequence[bytes]) -> dict[str, jcs.Json]:
    """Return the body of the ledger entry for a batch. An empty batch is refused: it would say nothing."""
    if not leaves:
        raise ValueError("a batch needs at least one commitment")
    return {"at": at, "kind": KIND, **_describe(zone, leaves)}


def check_batch(batch: Batch, entry: Entry | None) -> list[Finding]:
    """Return what differs between a batch and the ledger entry of its number."""
    where = f"batch of ledger entry {batch.seq}"
    body = entry.body if entry is not None else None
    if not is_batch_body(body):
        return [Finding(where, "a batch", f"none: no ledger entry of this number is of the kind {KIND}")]
    return [
        Finding(where, f"{name} {found}", f"{name} {body.get(name)}")
        for name, found in _describe(batch.zone, batch.leaves).items()
        if body.get(name) != found
    ]


def is_batch_body(body: jcs.Json) -> TypeGuard[Mapping[str, jcs.Json]]:
    """Return whether the body of a ledger entry holds the root of a batch."""
    return isinstance(body, Mapping) and body.get("kind") == KIND


def write_line(batch: Batch) -> bytes:
    """Return a batch as one line of canonical JSON, with its line feed."""
    leaves = [leaf.hex() for leaf in batch.leaves]
    return jcs.dumps({"seq": batch.seq, "zone": batch.zone, "leaves": leaves}) + b"\n"


def read_line(line: bytes) -> Batch:
    """Return the batch of one line, with or without its line feed; raise Unreadable if it is not one."""
    try:
        fields = jcs.loads_canonical(line.removesuffix(b"\n"))
    except ValueError as error:
        raise Unreadable(f"a line of the batches cannot be read: {error}") from error
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        raise Unreadable(f"a line of the batches must have exactly the fields {', '.join(sorted(_FIELDS))}")
    seq, zone, leaves = fields["seq"], fields["zone"], fields["leaves"]
    if not isinstance(seq, int) or not isinstance(zone, str) or not isinstance(leaves, list):
        raise Unreadable("a line of the batches needs a number `seq`, a text `zone` and a list `leaves`")
    try:
        return Batch(seq, zone, tuple(bytes.fromhex(leaf) for leaf in leaves))
    except (TypeError, ValueError) as error:
        raise Unreadable("a leaf of a batch must be written in hexadecimal digits") from error


def _describe(zone: str, leaves: Sequence[bytes]) -> dict[str, jcs.Json]:
    return {"zone": zone, "n": len(leaves), "root": merkle.compute_root(leaves).hex()}
