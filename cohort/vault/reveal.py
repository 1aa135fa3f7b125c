"""Open the labels of one evaluation and score, once. Imported by the scorer's process alone (an import contract).

Everything is checked before anything is opened, and everything is written in one transaction: an evaluation is locked
or revealed, never between. Key and labels live in local names of these functions; Python cannot wipe memory, so they
end with the call, and with the process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils import timezone

from cohort.vault import shamir
from cohort.vault.book import Case, get_book
from cohort.vault.card import public_key_of
from cohort.vault.codehash import compute_code_sha256
from cohort.vault.models import GivenShare, Request, RequestState, RevealedLabel, ScoreSheet, SealedLabel, SealingKey
from cohort.vault.models import SealedShare as SealedShareRow
from cohort.vault.scoring import WITHDRAWN, Cases, Scored, compute_scores, gather_cases
from cohort.vault.shares import SealedShare, WrongShare, read_share
from modelling.engine.blinding.labels import KIND, compute_label_root, hash_case, name_left, read_label
from portal.audit.context import act, name_subject
from portal.audit.record import append_to_ledger
from portal.core.errors import Refused
from portal.proof import commit, jcs
from portal.roles.actors import SCORER

LOCKED = "locked"


def reveal(request_pk: UUID, one_time_private_key: bytes, given: Sequence[GivenShare]) -> None:
    """Reveal one evaluation by two shares. Raises Refused, having written nothing, where anything is amiss."""
    with act(SCORER, "evaluation.reveal"):
        # Of two at once the second waits here and finds the request done.
        request = Request.objects.select_for_update().get(pk=request_pk)
        if request.state != RequestState.READY:
            raise Refused("this reveal is over already")
        name_subject(request.evaluation_id)
        case = check_lock(request.evaluation_id)
        cases = check_entered(case)
        key = open_key(case, one_time_private_key, given)
        labels = open_labels(case, key)
        scored = score(case, cases, labels)
        write(case, cases, labels, scored, [one.custodian_id for one in given])
        Request.objects.filter(pk=request_pk).update(
            state=RequestState.DONE,
            ended_at=timezone.now(),
            told="",
            result={"sheet_sha256": scored.sha256, "cases": tell_cases(cases, labels)},
        )


@dataclass(frozen=True)
class Labels:
    """What was opened, and what was not: whoever took back any further use before the lock stays sealed."""

    opened: Mapping[UUID, tuple[int, bytes]] = field(repr=False)
    """Participant → (value, nonce)."""
    unopened: Sequence[bytes]
    """Commitments of the labels that stay sealed."""


def check_lock(evaluation_pk: UUID) -> Case:
    """Return the case if it is locked, its manifest is the one that was approved, and its code is the one that runs."""
    case = get_book().find_case(evaluation_pk)
    if case.state != LOCKED:
        raise Refused(f"the evaluation is {case.state}; only a locked one is revealed")
    if not case.manifest or sha256(case.manifest.encode()).hexdigest() != case.manifest_sha256:
        raise Refused("the lock's manifest is not the one that two people approved")
    bound, runs = read_manifest(case).get("code_sha256"), compute_code_sha256()
    if bound != runs:
        raise Refused(
            f"the lock binds the scoring code of SHA-256 {bound}, and {runs} would run: "
            "install the version of the portal that was locked"
        )
    return case


def read_manifest(case: Case) -> Mapping[str, Any]:
    """Return the lock's manifest; empty where it is no JSON object."""
    found = jcs.loads(case.manifest.encode())
    return found if isinstance(found, dict) else {}


def check_entered(case: Case) -> Cases:
    """Return cases and predictions if they are what the manifest says."""
    cases = gather_cases(case)
    manifest = read_manifest(case)
    if (cases.test_root, cases.cases_root) != (manifest.get("test_root"), manifest.get("cases_root")):
        raise Refused("the test participants, or who of them has which case, are not those of the lock's manifest")
    models = manifest.get("models")
    bound = [(one.submission_pk, {"predictions_sha256": one.predictions_sha256}) for one in case.entered]
    bound += [(one.submission_pk, {}) for one in cases.rules]
    found: list[jcs.Json] = [{"submission": str(pk), **own, **cases.facts[pk]} for pk, own in bound]
    kept = ("submission", "predictions_sha256", "pred_root", "train_root")
    wanted = [{name: one.get(name) for name in kept} for one in models] if isinstance(models, list) else None  # type: ignore[union-attr]
    if found != wanted:
        raise Refused("models, predictions or the people the models learned from are not those of the lock's manifest")
    return cases


def open_key(case: Case, one_time_private_key: bytes, given: Sequence[GivenShare]) -> bytes:
    """Return the evaluation's private key, made from two custodians' shares."""
    if len(given) != shamir.THRESHOLD or len({one.custodian_id for one in given}) != shamir.THRESHOLD:
        raise Refused(f"a reveal wants the shares of {shamir.THRESHOLD} custodians")
    shares: dict[int, bytes] = {}
    for one in given:
        row = SealedShareRow.objects.filter(
            evaluation_id=case.evaluation_pk, custodian_id=one.custodian_id, custody_key_id__in=case.custody_keys
        ).first()
        if row is None:
            raise Refused("somebody gave a share who holds none of this evaluation")
        sealed = SealedShare(row.number, bytes(row.ciphertext), bytes(row.commitment))
        try:
            share = read_share(case.evaluation_pk, one_time_private_key, bytes(one.ciphertext), sealed)
        except WrongShare as error:
            raise Refused(f"{error}; nothing was opened") from None
        shares[row.number] = share
    key = shamir.join(shares)
    public = SealingKey.objects.get(evaluation_id=case.evaluation_pk).public_key
    if public_key_of(key).hex() != public:
        raise Refused("the two shares do not make this evaluation's key; nothing was opened")
    return key


def open_labels(case: Case, key: bytes) -> Labels:
    """Return every sealed label, each checked against its commitment; those of people who left are not opened.

    Before the lock the database shows the scorer no row and says nothing, so the count is checked here.
    """
    if case.batch_pk is None:
        raise Refused("the evaluation names no sealing")
    rows = list(SealedLabel.objects.filter(batch_id=case.batch_pk, evaluation_id=case.evaluation_pk))
    if len(rows) != case.n_labels:
        raise Refused(f"{len(rows)} sealed labels were found, {case.n_labels} were committed to")
    if compute_label_root(bytes(row.commitment) for row in rows) != case.label_root:
        raise Refused("the sealed labels are not those that were committed to")
    left = set(read_manifest(case).get("left", ()))
    opened, unopened = {}, []
    for row in rows:
        if name_left(case.evaluation_pk, row.participant_id) in left:
            unopened.append(bytes(row.commitment))
            continue
        try:
            opening = commit.open_sealed(key, bytes(row.ciphertext))
            value = read_label(case.evaluation_pk, row.participant_id, opening)
        except ValueError as error:
            raise Refused(str(error)) from None
        if not commit.verify_opening(KIND, bytes(row.commitment), opening):
            raise Refused("a sealed label does not open to its commitment")
        opened[row.participant_id] = (value, opening.nonce)
    return Labels(opened, sorted(unopened))


def score(case: Case, cases: Cases, labels: Labels) -> Scored:
    """Return the score sheet over the opened labels."""
    return compute_scores(
        case,
        cases,
        {person: value for person, (value, _) in labels.opened.items()},
        {
            "is_rehearsal": False,
            "hashes": {
                "lock_manifest_sha256": case.manifest_sha256,
                "label_root": case.label_root,
                "test_root": cases.test_root,
                "code_sha256": compute_code_sha256(),
            },
        },
        without={**cases.batch.exclusions, WITHDRAWN: len(labels.unopened)},
    )


def tell_cases(cases: Cases, labels: Labels) -> dict[str, jcs.Json]:
    """Return what shows, beside the opened labels, who has which case: the salt, and a hash for each other case."""
    others = [
        hash_case(cases.salt, person, token) for token, person in cases.people.items() if person not in labels.opened
    ]
    return {"salt": cases.salt.hex(), "unopened": [one.hex() for one in sorted(others)]}


def write(
    case: Case,
    cases: Cases,
    labels: Labels,
    scored: Scored,
    custodians: list[UUID],
) -> None:
    """Write labels, sheet, state and ledger, inside the transaction that is open."""
    now, code = timezone.now(), compute_code_sha256()
    tokens = {person: token for token, person in cases.people.items()}
    RevealedLabel.objects.bulk_create(
        RevealedLabel(
            evaluation_id=case.evaluation_pk,
            participant_id=person,
            token=tokens.get(person, ""),
            value=value,
            nonce=nonce,
        )
        for person, (value, nonce) in sorted(labels.opened.items())
    )
    ScoreSheet.objects.create(
        evaluation_id=case.evaluation_pk,
        body=scored.body,
        scoring=scored.scoring,
        sha256=scored.sha256,
        code_sha256=code,
        custodians=custodians,
        made_at=now,
    )
    get_book().write_reveal(SCORER, case.evaluation_pk, sheet_sha256=scored.sha256)
    append_to_ledger(
        "evaluation.revealed",
        {
            "evaluation": str(case.evaluation_pk),
            "manifest_sha256": case.manifest_sha256,
            "sheet_sha256": scored.sha256,
            "scoring_sha256": sha256(scored.scoring.encode()).hexdigest(),
            "n_opened": len(labels.opened),
            "unopened": [one.hex() for one in labels.unopened],
            "label_root": case.label_root,
            "code_sha256": code,
            "custodians": [str(one) for one in custodians],
        },
    )
