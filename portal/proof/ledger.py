"""The ledger: a chain of entries in which each holds the hash of the one before.

A change, a gap, a deletion or another order shows in the chain itself. That the newest entries were cut off, or that
the whole chain was written anew, shows only against an anchor: a head that was noted outside this machine.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from portal.proof import jcs
from portal.proof.findings import Finding, Unreadable

FIRST_SEQ = 1
GENESIS = "0" * 64
"""The previous hash of the first entry."""

_DOMAIN = b"trabecula.ledger.v1\x00"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_FIELDS = {"seq", "prev_hash", "body", "hash"}
_ANCHOR_FORMAT = "trabecula.anchor.v1"
_ANCHOR_FIELDS = {"format", "seq", "hash", "manifest_sha256"}


@dataclass(frozen=True)
class Entry:
    """One entry. The body is JSON and holds at least `at`, an instant as `write_time` writes it."""

    seq: int
    prev_hash: str
    body: jcs.Json
    hash: str


@dataclass(frozen=True)
class Anchor:
    """The head of the ledger as somebody outside noted it, and, if noted too, the digest of a bundle's manifest."""

    seq: int
    hash: str
    manifest_sha256: str | None = None

    def __post_init__(self) -> None:
        if self.seq < FIRST_SEQ:
            raise ValueError(f"an anchor names entry {self.seq}, wanted a number from {FIRST_SEQ}")
        for digest in (self.hash, self.manifest_sha256):
            if digest is not None and not _DIGEST.fullmatch(digest):
                raise ValueError("an anchor's digests must have 64 lower-case hexadecimal digits")


def write_time(instant: datetime) -> str:
    """Return an instant in the one form the ledger knows: UTC, six decimals, `Z`; so texts sort as the instants do."""
    if instant.tzinfo is None:
        raise ValueError("an instant in the ledger needs a time zone")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def compute_hash(seq: int, prev_hash: str, body: jcs.Json) -> str:
    """Return the hash an entry must have: SHA-256 over its canonical JSON without the hash itself."""
    return sha256(_DOMAIN + jcs.dumps({"seq": seq, "prev_hash": prev_hash, "body": body})).hexdigest()


def append(previous: Entry | None, body: jcs.Json) -> Entry:
    """Return the entry that follows `previous`, or the first one if there is none.

    Raises ValueError if the body has no well-formed `at` or if its time lies before that of the previous entry: the
    clock of the machine jumped, and somebody must look before anything is written.
    """
    at = _read_time(body)
    if at is None:
        raise ValueError("the body of a ledger entry needs `at`, an instant as write_time writes it")
    if previous is None:
        return Entry(FIRST_SEQ, GENESIS, body, compute_hash(FIRST_SEQ, GENESIS, body))
    earlier = _read_time(previous.body)
    if earlier is not None and at < earlier:
        raise ValueError(f"the time of entry {previous.seq + 1} is {at}, before that of the previous one, {earlier}")
    seq = previous.seq + 1
    return Entry(seq, previous.hash, body, compute_hash(seq, previous.hash, body))


def verify_chain(entries: Iterable[Entry]) -> list[Finding]:
    """Return everything that is wrong in a chain read from its beginning; an empty list if it holds together.

    After a broken place the check goes on from what stands there, so that one change is named once.
    """
    findings: list[Finding] = []
    seq, prev_hash, latest = FIRST_SEQ, GENESIS, ""
    for entry in entries:
        where = f"ledger entry {entry.seq}"
        if entry.seq != seq:
            findings.append(Finding(where, f"number {entry.seq}", f"number {seq}"))
        if entry.prev_hash != prev_hash:
            findings.append(Finding(where, f"previous hash {entry.prev_hash}", f"previous hash {prev_hash}"))
        findings += _check_hash(entry)
        at = _read_time(entry.body)
        if at is None:
            findings.append(Finding(where, "no well-formed time", "an instant in UTC"))
        elif at < latest:
            findings.append(Finding(where, f"time {at}", f"a time not before {latest}"))
        seq, prev_hash, latest = entry.seq + 1, entry.hash, max(at or "", latest)
    return findings


def check_anchor(entries: Iterable[Entry], anchor: Anchor) -> list[Finding]:
    """Return what contradicts an anchor. Together with `verify_chain` this vouches for all entries up to it."""
    last = 0
    for entry in entries:
        last = entry.seq
        if entry.seq == anchor.seq:
            found = compute_hash(entry.seq, entry.prev_hash, entry.body)
            if found == anchor.hash:
                return []
            return [Finding(f"ledger entry {entry.seq}", f"hash {found}", f"hash {anchor.hash}, as anchored outside")]
    found_text = f"the last entry is {last}" if last else "no entry"
    return [Finding("ledger", found_text, f"entry {anchor.seq}, as anchored outside")]


def write_line(entry: Entry) -> bytes:
    """Return an entry as one line of canonical JSON, with its line feed."""
    fields: jcs.Json = {"seq": entry.seq, "prev_hash": entry.prev_hash, "body": entry.body, "hash": entry.hash}
    return jcs.dumps(fields) + b"\n"


def read_line(line: bytes) -> Entry:
    """Return the entry of one line, with or without its line feed; raise Unreadable if it is not one."""
    try:
        fields = jcs.loads_canonical(line.removesuffix(b"\n"))
    except ValueError as error:
        raise Unreadable(f"a line of the ledger cannot be read: {error}") from error
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        raise Unreadable(f"a line of the ledger must have exactly the fields {', '.join(sorted(_FIELDS))}")
    seq, prev_hash, digest = fields["seq"], fields["prev_hash"], fields["hash"]
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < FIRST_SEQ:
        raise Unreadable("a line of the ledger needs a number from 1 as its `seq`")
    if not isinstance(prev_hash, str) or not isinstance(digest, str):
        raise Unreadable("a line of the ledger needs its two hashes as text")
    return Entry(seq, prev_hash, fields["body"], digest)


def write_anchor(anchor: Anchor) -> bytes:
    """Return an anchor as the JSON text that is printed, posted or mailed to somebody outside."""
    fields: dict[str, jcs.Json] = {"format": _ANCHOR_FORMAT, "seq": anchor.seq, "hash": anchor.hash}
    if anchor.manifest_sha256 is not None:
        fields["manifest_sha256"] = anchor.manifest_sha256
    return jcs.dumps(fields) + b"\n"


def read_anchor(text: bytes) -> Anchor:
    """Return the anchor of a JSON text; white space is free, since a person may have typed it from paper."""
    try:
        fields = jcs.loads(text)
        if not isinstance(fields, dict) or fields.get("format") != _ANCHOR_FORMAT:
            raise ValueError(f"its `format` is not {_ANCHOR_FORMAT!r}")
        if not set(fields) <= _ANCHOR_FIELDS:
            raise ValueError(f"it may have the fields {', '.join(sorted(_ANCHOR_FIELDS))} only")
        seq, digest, manifest = fields.get("seq"), fields.get("hash"), fields.get("manifest_sha256")
        if not isinstance(seq, int) or not isinstance(digest, str) or not isinstance(manifest, str | None):
            raise ValueError("it needs a number `seq` and a text `hash`")
        return Anchor(seq, digest, manifest)
    except ValueError as error:
        raise Unreadable(f"the anchor cannot be read: {error}") from error


def _check_hash(entry: Entry) -> list[Finding]:
    try:
        wanted = compute_hash(entry.seq, entry.prev_hash, entry.body)
    except (TypeError, ValueError) as error:
        return [Finding(f"ledger entry {entry.seq}", f"a body that is no JSON ({error})", "a JSON body")]
    if entry.hash == wanted:
        return []
    return [Finding(f"ledger entry {entry.seq}", f"hash {entry.hash}", f"hash {wanted} of what stands there")]


def _read_time(body: jcs.Json) -> str | None:
    at = body.get("at") if isinstance(body, dict) else None
    return at if isinstance(at, str) and _is_instant(at) else None


def _is_instant(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
