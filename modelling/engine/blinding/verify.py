"""What `verify` checks of a revealed evaluation: the order of its steps, two persons each, hashes, labels, numbers.

Pure. Hashes come before anything is recomputed; labels and predictions are looked at only in the restricted file.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from modelling.engine.blinding.labels import KIND, compute_cases_root, compute_label_root, hash_case
from modelling.engine.blinding.predictions import compute_prediction_root, read_predictions, read_weights
from modelling.engine.blinding.scoring import make_sheet
from portal.proof import commit, jcs
from portal.proof.archive import Archive
from portal.proof.findings import Finding, Unreadable
from portal.proof.ledger import Entry

EVALUATION, SHEET, SCORING = "evaluation.json", "score_sheet.json", "scoring.json"
LABELS, CASES, WEIGHTS, PREDICTIONS = "labels.csv", "cases.json", "weights.csv", "predictions/"
FORMAT = "trabecula.evaluation/1"
LABELS_HEADER = ["participant", "token", "value", "nonce"]
STEPS = ("key_made", "open", "seal", "submit", "lock", "revealed")
"""Ledger entries `evaluation.<step>`, each of which must stand there once, in this order."""
TWO_PERSONS = ("open", "seal", "submit", "lock")
LARGEST = 256 * 2**20


@dataclass(frozen=True)
class Told:
    """What the public file tells of an evaluation."""

    facts: Mapping[str, Any]
    sheet: bytes
    scoring: bytes
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Opened:
    """What the restricted file holds.

    labels: token → value. commitments: of the opened labels. cases: a hash of who has which token, for each case.
    """

    labels: Mapping[str, int]
    commitments: Sequence[bytes]
    cases: Sequence[bytes]
    predictions: Mapping[str, bytes]
    weights: bytes | None


def read_told(archive: Archive, entries: Sequence[Entry]) -> Told:
    """Return what the public file tells. Raises Unreadable where it is not of the known form."""
    facts = _read_json(archive, EVALUATION)
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise Unreadable(f"{EVALUATION} is not of the format {FORMAT!r}")
    own = [entry for entry in entries if _body(entry).get("evaluation") == facts.get("evaluation")]
    return Told(facts, archive.read(SHEET, at_most=LARGEST), archive.read(SCORING, at_most=LARGEST), own)


def is_own_entry(entry: Entry) -> bool:
    """True for a ledger entry that belongs to some evaluation."""
    return str(_body(entry).get("kind", "")).startswith("evaluation.")


def check_steps(told: Told) -> Iterator[Finding]:
    """Yield what is wrong with the order of the steps and the two persons of each."""
    found = {step: [one for one in told.entries if _body(one).get("kind") == f"evaluation.{step}"] for step in STEPS}
    last = 0
    for step in STEPS:
        if len(found[step]) != 1:
            yield Finding(f"evaluation.{step}", f"{len(found[step])} ledger entries", "one")
            continue
        if found[step][0].seq <= last:
            yield Finding(f"evaluation.{step}", f"entry {found[step][0].seq}", f"an entry after {last}")
        last = found[step][0].seq
    for step in TWO_PERSONS:
        for entry in found[step]:
            body = _body(entry)
            if not body.get("proposer") or body.get("proposer") == body.get("approver"):
                yield Finding(f"evaluation.{step}", "one person", "two different persons")
    for entry in found["revealed"]:
        custodians = _body(entry).get("custodians") or []
        if len(set(custodians)) < 2:
            yield Finding("evaluation.revealed", f"{len(set(custodians))} custodians", "two")


def check_hashes(told: Told) -> Iterator[Finding]:
    """Yield what is not the thing whose digest stands in the ledger."""
    manifest, protocol = told.facts.get("manifest"), told.facts.get("protocol")
    opened, sealed, locked, revealed = (_find(told, step) for step in ("open", "seal", "lock", "revealed"))
    wanted = [
        ("protocol", _digest(protocol), opened.get("protocol_sha256")),
        ("lock manifest", _digest(manifest), locked.get("manifest_sha256")),
        ("lock manifest, as revealed", _digest(manifest), revealed.get("manifest_sha256")),
        ("labels' root", _of(manifest, "label_root"), sealed.get("label_root")),
        ("labels' root, as revealed", revealed.get("label_root"), sealed.get("label_root")),
        ("protocol in the lock", _digest(_of(manifest, "protocol")), opened.get("protocol_sha256")),
        (SHEET, sha256(told.sheet).hexdigest(), revealed.get("sheet_sha256")),
        (SCORING, sha256(told.scoring).hexdigest(), revealed.get("scoring_sha256")),
    ]
    for where, found, promised in wanted:
        if found != promised:
            yield Finding(where, f"{found}", f"{promised}, as the ledger has it")
    locked_code = _of(manifest, "code_sha256")
    for where, found in (("code that scored", revealed.get("code_sha256")), (SHEET, _read_code(told.sheet))):
        if found != locked_code:
            yield Finding(where, f"scored by code {found}", f"{locked_code}, as locked")


def read_opened(archive: Archive, told: Told) -> Opened:
    """Return labels and predictions of the restricted file. Raises Unreadable where it is not of the known form."""
    evaluation = UUID(str(told.facts["evaluation"]))
    salt, cases = _read_cases(archive)
    labels, commitments = {}, []
    rows = list(csv.reader(io.StringIO(_read(archive, LABELS).decode("ascii"))))
    if not rows or rows[0] != LABELS_HEADER:
        raise Unreadable(f"{LABELS} must have the columns {', '.join(LABELS_HEADER)}")
    for row in rows[1:]:
        try:
            participant, token, value, nonce = UUID(row[0]), row[1], int(row[2]), bytes.fromhex(row[3])
            opening = commit.Opening(evaluation.bytes + participant.bytes + bytes([value]), nonce)
        except (ValueError, IndexError) as error:
            raise Unreadable(f"{LABELS} has a line that cannot be read") from error
        commitments.append(commit.commit(KIND, opening))
        if token:
            labels[token] = value
            cases.append(hash_case(salt, participant, token))
    names = [name for name in archive.names if name.startswith(PREDICTIONS)]
    predictions = {name.removeprefix(PREDICTIONS).removesuffix(".csv"): _read(archive, name) for name in names}
    weights = _read(archive, WEIGHTS) if WEIGHTS in archive.names else None
    return Opened(labels, commitments, cases, predictions, weights)


def _read_cases(archive: Archive) -> tuple[bytes, list[bytes]]:
    """Return the salt of the cases, and the hash of each whose label was not opened."""
    told: Any = _read_json(archive, CASES)
    try:
        return bytes.fromhex(told["salt"]), [bytes.fromhex(one) for one in told["unopened"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{CASES} must hold a salt and the hashes of unopened cases, in hexadecimal") from error


def check_cases(told: Told, opened: Opened) -> Iterator[Finding]:
    """Yield what speaks against each case being of the participant it was of at the lock."""
    found, wanted = compute_cases_root(opened.cases), _of(told.facts.get("manifest"), "cases_root")
    if found != wanted:
        yield Finding(CASES, f"cases with the root {found}", f"{wanted}, as locked")


def check_labels(told: Told, opened: Opened) -> Iterator[Finding]:
    """Yield what speaks against these being the labels that were sealed.

    Those of people who left before the lock stay sealed: the ledger's entry of the reveal holds their commitments.
    """
    sealed, left = _find(told, "seal"), _of(told.facts.get("manifest"), "left") or []
    unopened = [bytes.fromhex(one) for one in _find(told, "revealed").get("unopened", [])]
    if len(unopened) > len(left):
        yield Finding(LABELS, f"{len(unopened)} labels left sealed", f"those of people who left, {len(left)} at most")
    commitments = [*opened.commitments, *unopened]
    if len(commitments) != sealed.get("n_labels"):
        yield Finding(LABELS, f"{len(commitments)} labels", f"{sealed.get('n_labels')}, as sealed")
    root = compute_label_root(commitments)
    if root != sealed.get("label_root"):
        yield Finding(LABELS, f"commitments with the root {root}", f"{sealed.get('label_root')}, as sealed")


def check_predictions(told: Told, opened: Opened) -> Iterator[Finding]:
    """Yield what speaks against these being the predictions that were locked."""
    models = {one["submission"]: one for one in _of(told.facts.get("manifest"), "models") or []}
    for submission in sorted(set(models) ^ set(opened.predictions)):
        yield Finding(f"predictions of {submission}", "one side only", "the models of the lock, and no other")
    for submission in sorted(set(models) & set(opened.predictions)):
        found = sha256(opened.predictions[submission]).hexdigest()
        if found != models[submission]["predictions_sha256"]:
            yield Finding(
                f"predictions of {submission}", found, f"{models[submission]['predictions_sha256']}, as locked"
            )
            continue
        root = compute_prediction_root(read_predictions(opened.predictions[submission]))
        if root != models[submission].get("pred_root"):
            yield Finding(f"predictions of {submission}", f"root {root}", f"{models[submission].get('pred_root')}")


def check_numbers(told: Told, opened: Opened) -> Iterator[Finding]:
    """Yield each part of the score sheet that is not what labels and predictions give when scored again."""
    try:
        scoring: Any = jcs.loads_canonical(told.scoring)
        predictions = {name: read_predictions(content) for name, content in opened.predictions.items()}
        everybody = next(iter(predictions.values()), {})
        weights = read_weights(opened.weights, everybody) if opened.weights is not None else None
        labels = {token: value for token, value in opened.labels.items() if token in everybody}
        again = make_sheet(scoring, labels, predictions, weights)
        there: Any = jcs.loads_canonical(told.sheet)
    except (ValueError, KeyError, TypeError) as error:
        yield Finding(SHEET, f"nothing that can be scored again ({type(error).__name__})", "labels and predictions")
        return
    once_more: Any = jcs.loads(jcs.dumps(again))
    for name in sorted(set(there) | set(once_more)):
        if there.get(name) != once_more.get(name):
            yield Finding(f"{SHEET}, {name}", "another value", "what the labels and predictions give")


def _find(told: Told, step: str) -> Mapping[str, Any]:
    return next((_body(one) for one in told.entries if _body(one).get("kind") == f"evaluation.{step}"), {})


def _body(entry: Entry) -> Mapping[str, Any]:
    return entry.body if isinstance(entry.body, Mapping) else {}


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _read_code(sheet: bytes) -> Any:
    try:
        return _of(_of(jcs.loads(sheet), "hashes"), "code_sha256")
    except ValueError:
        return None


def _digest(value: Any) -> str:
    return sha256(jcs.dumps(value)).hexdigest()


def _read(archive: Archive, name: str) -> bytes:
    if name not in archive.names:
        raise Unreadable(f"it holds no {name}")
    return archive.read(name, at_most=LARGEST)


def _read_json(archive: Archive, name: str) -> jcs.Json:
    try:
        return jcs.loads_canonical(_read(archive, name))
    except ValueError as error:
        raise Unreadable(f"{name} cannot be read: {error}") from error
