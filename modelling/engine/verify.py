"""The offline check of a bundle: what it promises is compared with what it holds. Needs no portal and no torch.

Hashes come first: what was changed is not worth recomputing. Each check that could not be made says why, so that
nobody takes silence for proof.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path

from modelling.engine.blinding import verify as evaluations
from portal.proof import batches, bundle, ledger, signatures
from portal.proof.archive import Archive, Limits
from portal.proof.findings import Finding, Unreadable

LEDGER = "ledger.jsonl"
BATCHES = "batches.jsonl"


class Exit(IntEnum):
    """The exit status of the command."""

    PROVED = 0
    REFUTED = 1
    UNREADABLE = 2


class State(Enum):
    """What one check came to."""

    PROVED = "proved"
    REFUTED = "refuted"
    NOT_MADE = "not made"


@dataclass(frozen=True)
class Check:
    """One check: its name, what it came to, a sentence that says of what, and what was found wrong."""

    name: str
    state: State
    text: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """All checks of one bundle, and what somebody may want to note outside: its digest and its ledger's head."""

    checks: tuple[Check, ...]
    manifest_sha256: str
    head: ledger.Entry | None = None

    @property
    def exit(self) -> Exit:
        """Proved if no check was refuted; what a check that was not made leaves open is in `summary`."""
        return Exit.REFUTED if any(check.state is State.REFUTED for check in self.checks) else Exit.PROVED

    @property
    def summary(self) -> str:
        """The verdict in one sentence."""
        if self.exit is Exit.REFUTED:
            names = ", ".join(check.name for check in self.checks if check.state is State.REFUTED)
            return f"refuted: {names}"
        if any(check.name == "anchor" and check.state is State.PROVED for check in self.checks):
            return "proved, against an anchor from outside"
        return "internally consistent only: no anchor from outside was given"


@dataclass
class _Kept:
    """What the later checks need of a ledger that is read once, entry by entry."""

    n_entries: int = 0
    head: ledger.Entry | None = None
    anchored: list[ledger.Entry] = field(default_factory=list)
    batches: dict[int, ledger.Entry] = field(default_factory=dict)
    evaluations: list[ledger.Entry] = field(default_factory=list)


def verify_bundle(
    public: Path, *, restricted: Path | None = None, anchor: Path | None = None, limits: Limits | None = None
) -> Verdict:
    """Return the verdict on a bundle.

    public: the public file. restricted: the file that goes with it, for those who may hold it. anchor: the head of
    the ledger as it was noted outside.
    Raises Unreadable if one of the files cannot be read as what it should be.
    """
    limits = limits or Limits()
    noted = _read_anchor(anchor) if anchor else None
    with Archive(public, limits) as archive:
        manifest = bundle.read_manifest(archive)
        hashes = [
            _judge("members", f"{len(manifest.members)} members, by hash", bundle.check_members(archive, manifest)),
            _check_restricted(restricted, manifest, limits),
        ]
        if any(check.state is State.REFUTED for check in hashes):
            return Verdict((*hashes, *_leave_out()), manifest.digest)
        if LEDGER not in manifest.members:
            raise Unreadable(f"it holds no {LEDGER}, so it is no bundle this command knows")
        signed = _check_signatures(archive, manifest)
        chain, kept = _check_ledger(archive, noted)
        later = [_check_anchor(noted, kept, manifest), _check_batches(archive, kept)]
        if evaluations.EVALUATION in manifest.members:
            later += _read_evaluation(archive, restricted, kept, limits)
    return Verdict((*hashes, signed, chain, *later), manifest.digest, kept.head)


def _judge(name: str, text: str, findings: Iterable[Finding]) -> Check:
    found = tuple(findings)
    return Check(name, State.REFUTED if found else State.PROVED, text, found)


def _leave_out() -> list[Check]:
    why = "the hashes differ, so nothing was recomputed"
    return [Check(name, State.NOT_MADE, why) for name in ("signatures", "ledger", "anchor", "batches")]


def _check_restricted(path: Path | None, manifest: bundle.Manifest, limits: Limits) -> Check:
    if path is not None:
        return _judge("restricted", f"{path.name}, by hash", bundle.check_restricted(path, manifest, limits))
    if manifest.restricted_sha256 is None:
        return Check("restricted", State.NOT_MADE, "this bundle has no restricted file")
    return Check("restricted", State.NOT_MADE, f"the file with SHA-256 {manifest.restricted_sha256} was not given")


def _check_signatures(archive: Archive, manifest: bundle.Manifest) -> Check:
    signed = bundle.read_signatures(archive)
    if not signed and not manifest.n_signatures:
        return Check("signatures", State.NOT_MADE, "nobody signed this bundle and its manifest asks for none")
    findings = signatures.verify_signatures(manifest.digest, signed, keys=manifest.keys, n_wanted=manifest.n_signatures)
    who = ", ".join(f"{signature.signer} ({signature.meaning!r})" for signature in signed) or "nobody"
    return _judge("signatures", f"signed by {who}; {manifest.n_signatures} wanted", findings)


def _check_ledger(archive: Archive, noted: ledger.Anchor | None) -> tuple[Check, _Kept]:
    kept = _Kept()
    findings = ledger.verify_chain(_keep(_read_entries(archive), kept, noted))
    if kept.head is None:
        findings.append(Finding(LEDGER, "no entry", "at least one"))
    text = f"{kept.n_entries} entries, each with the hash of the one before and no time that goes backwards"
    return _judge("ledger", text, findings), kept


def _read_entries(archive: Archive) -> Iterator[ledger.Entry]:
    for number, line in enumerate(archive.read_lines(LEDGER), start=1):
        try:
            yield ledger.read_line(line)
        except Unreadable as error:
            raise Unreadable(f"{LEDGER}, line {number}: {error}") from error


def _keep(entries: Iterator[ledger.Entry], kept: _Kept, noted: ledger.Anchor | None) -> Iterator[ledger.Entry]:
    for entry in entries:
        kept.n_entries += 1
        kept.head = entry
        if noted and entry.seq == noted.seq:
            kept.anchored.append(entry)
        if batches.is_batch_body(entry.body):
            kept.batches[entry.seq] = entry
        if evaluations.is_own_entry(entry):
            kept.evaluations.append(entry)
        yield entry


def _read_anchor(path: Path) -> ledger.Anchor:
    try:
        return ledger.read_anchor(path.read_bytes())
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error


def _check_anchor(noted: ledger.Anchor | None, kept: _Kept, manifest: bundle.Manifest) -> Check:
    if noted is None:
        why = "none was given: somebody could have cut off the newest entries or written the whole ledger anew"
        return Check("anchor", State.NOT_MADE, why)
    heads = [kept.head] if kept.head else []
    findings = ledger.check_anchor(kept.anchored or heads, noted)
    covered = f"the ledger up to entry {noted.seq} of {kept.n_entries}"
    if noted.manifest_sha256 is None:
        return _judge("anchor", f"{covered}; the anchor does not name the manifest", findings)
    if noted.manifest_sha256 != manifest.digest:
        found, wanted = f"SHA-256 {manifest.digest}", f"SHA-256 {noted.manifest_sha256}, as anchored outside"
        findings.append(Finding(bundle.MANIFEST, found, wanted))
    return _judge("anchor", f"{covered}, and the manifest with every member", findings)


def _check_batches(archive: Archive, kept: _Kept) -> Check:
    if BATCHES not in archive.names:
        text = f"it holds no {BATCHES}: the roots of {len(kept.batches)} batches stand in the ledger unopened"
        return Check("batches", State.NOT_MADE, text)
    findings, seen, n_leaves = [], set(), 0
    for number, line in enumerate(archive.read_lines(BATCHES), start=1):
        batch = _read_batch(line, number)
        findings += batches.check_batch(batch, kept.batches.get(batch.seq))
        if batch.seq in seen:
            findings.append(Finding(f"batch of ledger entry {batch.seq}", "a second line", "one"))
        seen.add(batch.seq)
        n_leaves += len(batch.leaves)
    missing = sorted(set(kept.batches) - seen)
    findings += [Finding(f"batch of ledger entry {seq}", "nothing", f"a line in {BATCHES}") for seq in missing]
    return _judge("batches", f"{len(seen)} batches with {n_leaves} commitments, by their Merkle roots", findings)


def _read_batch(line: bytes, number: int) -> batches.Batch:
    try:
        return batches.read_line(line)
    except Unreadable as error:
        raise Unreadable(f"{BATCHES}, line {number}: {error}") from error


def _read_evaluation(archive: Archive, restricted: Path | None, kept: _Kept, limits: Limits) -> list[Check]:
    """Return the checks of an evaluation. Raises Unreadable where a member is not of its form."""
    try:
        return _check_evaluation(archive, restricted, kept, limits)
    except Unreadable:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        # The members are what their maker promised, and still no evaluation of ours: that refutes nothing.
        raise Unreadable(f"the evaluation's members are not of the known form ({type(error).__name__})") from error


def _check_evaluation(archive: Archive, restricted: Path | None, kept: _Kept, limits: Limits) -> list[Check]:
    told = evaluations.read_told(archive, kept.evaluations)
    public = [
        _judge(
            "steps",
            "sealed, handed in, locked and revealed in order, by two persons each",
            evaluations.check_steps(told),
        ),
        _judge("hashes", "protocol, lock, score sheet, by the ledger", evaluations.check_hashes(told)),
    ]
    names = ("labels", "cases", "predictions", "numbers")
    if restricted is None:
        return public + [Check(name, State.NOT_MADE, "the restricted file was not given") for name in names]
    if any(check.state is State.REFUTED for check in public):
        return public + [Check(name, State.NOT_MADE, "the hashes differ, so nothing was recomputed") for name in names]
    with Archive(restricted, limits) as closed:
        opened = evaluations.read_opened(closed, told)
    return [
        *public,
        _judge(
            "labels", f"{len(opened.commitments)} labels, by their commitments", evaluations.check_labels(told, opened)
        ),
        _judge(
            "cases", f"who has which of {len(opened.cases)} cases, by the lock", evaluations.check_cases(told, opened)
        ),
        _judge(
            "predictions", f"{len(opened.predictions)} models, by hash", evaluations.check_predictions(told, opened)
        ),
        _judge("numbers", "every number of the score sheet, scored again", evaluations.check_numbers(told, opened)),
    ]
