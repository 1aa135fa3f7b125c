"""Small ledgers and bundles for the tests of what can be proved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portal.proof import batches, bundle, ledger, signatures

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LEAVES = tuple(bytes([number]) * 32 for number in range(5))


def at(minute: int) -> str:
    """Return an instant as the ledger writes it."""
    return ledger.write_time(START + timedelta(minutes=minute))


def make_ledger(n: int = 5) -> list[ledger.Entry]:
    """Return a sound ledger of `n` entries, one a minute."""
    entries: list[ledger.Entry] = []
    for number in range(n):
        entries.append(ledger.append(entries[-1] if entries else None, {"at": at(number), "kind": f"act {number}"}))
    return entries


def make_batched_ledger() -> list[ledger.Entry]:
    """Return a ledger whose third entry holds the root of LEAVES."""
    entries = make_ledger(2)
    entries.append(ledger.append(entries[-1], batches.make_body(at=at(2), zone="clinical", leaves=LEAVES)))
    entries.append(ledger.append(entries[-1], {"at": at(3), "kind": "act 3"}))
    return entries


def relink(entries: Sequence[ledger.Entry]) -> list[ledger.Entry]:
    """Return a ledger with the same bodies, written anew so that its chain holds: what a forger would do."""
    again: list[ledger.Entry] = []
    for entry in entries:
        again.append(ledger.append(again[-1] if again else None, entry.body))
    return again


def write_ledger(entries: Sequence[ledger.Entry]) -> bytes:
    """Return a ledger as the bytes of its member."""
    return b"".join(ledger.write_line(entry) for entry in entries)


@dataclass(frozen=True)
class Person:
    """Somebody who signs, with a key."""

    name: str
    seed: bytes
    public_key: str

    def sign(self, digest: str, meaning: str = "I approve this lock") -> signatures.Signature:
        """Return this person's signature under a digest."""
        return signatures.sign(self.seed, digest, signer=self.name, meaning=meaning, at=at(10))


def make_person(name: str) -> Person:
    """Return a person with a fresh key."""
    seed, public_key = signatures.make_signing_key()
    return Person(name, seed, public_key.hex())


def make_public(
    folder: Path,
    *,
    entries: Sequence[ledger.Entry] | None = None,
    more: dict[str, bytes] | None = None,
    signers: Sequence[Person] = (),
    restricted_sha256: str | None = None,
) -> Path:
    """Write a public file with a ledger and return its path."""
    sources = {"ledger.jsonl": write_ledger(make_ledger() if entries is None else entries), **(more or {})}
    manifest = bundle.Manifest(
        about={"of": "a test"},
        members=bundle.describe_members(sources),
        restricted_sha256=restricted_sha256,
        keys={person.name: person.public_key for person in signers},
        n_signatures=len(signers),
    )
    path = folder / "public.zip"
    bundle.write_public(path, manifest, sources, [person.sign(manifest.digest) for person in signers])
    return path


def change_body(entry: ledger.Entry, kind: str) -> ledger.Entry:
    """Return the entry with another body and its old hash, as a change in the database would leave it."""
    assert isinstance(entry.body, dict)
    return replace(entry, body={**entry.body, "kind": kind})
