"""The public bundle of the audit: the ledger and the commitments of its batches, for `modelling.engine verify`.

It holds no values and no names: hashes, commitments, and the keys under which the ledger's own entries speak.
"""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TypeVar

from django.utils import timezone

from portal.audit.chain import list_batches, list_entries
from portal.audit.record import head, record_read
from portal.core.errors import Refused
from portal.proof import batches, bundle, jcs, ledger
from portal.proof.archive import Source
from portal.roles.actors import Actor
from portal.roles.policy import require

LEDGER = "ledger.jsonl"
BATCHES = "batches.jsonl"
Line = TypeVar("Line", ledger.Entry, batches.Batch)


def export_bundle(actor: Actor) -> tuple[str, IO[bytes]]:
    """Return a name and an open file that is gone once closed; that the actor took it is recorded."""
    require(actor, "audit.export")
    last = head()
    if last is None:
        raise Refused("the ledger is empty: there is nothing to take along yet")
    record_read(actor, "audit.bundle", f"ledger entry {last.seq}")
    with tempfile.TemporaryDirectory(prefix="trabecula-bundle-") as name:
        folder = Path(name)
        # Both up to the same entry, so that what is sealed meanwhile does not make them differ.
        sources: dict[str, Source] = {
            LEDGER: _write(folder / LEDGER, list_entries(last.seq), ledger.write_line),
            BATCHES: _write(folder / BATCHES, list_batches(last.seq), batches.write_line),
        }
        about: dict[str, jcs.Json] = {
            "what": "the audit's ledger and the commitments of its batches",
            "head": {"seq": last.seq, "hash": last.hash},
            "made_at": ledger.write_time(timezone.now()),
        }
        target = folder / "public.zip"
        bundle.write_public(target, bundle.Manifest(about, bundle.describe_members(sources)), sources)
        # Open before its folder goes: the file lives as long as somebody reads it.
        return f"trabecula-ledger-{last.seq}.zip", target.open("rb")


def _write(path: Path, lines: Iterable[Line], write_line: Callable[[Line], bytes]) -> Path:
    with path.open("wb") as stream:
        stream.writelines(map(write_line, lines))
    return path
