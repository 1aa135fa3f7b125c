"""From opened labels and predictions to one score sheet: gathers what is scored, and leaves the numbers to the engine.

The same functions serve the rehearsal, with labels thrown by a die, and the reveal: what was rehearsed is what runs.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from cohort.vault.baselines import describe, list_made, tell_inputs, throw_risks
from cohort.vault.book import Case, Entered, Rows, Ruled
from cohort.vault.models import LabelBatch, Prediction
from modelling.engine.blinding.labels import compute_cases_root, compute_people_root, hash_case, make_cases_salt
from modelling.engine.blinding.predictions import compute_prediction_root, read_predictions, read_weights
from modelling.engine.blinding.scoring import make_sheet
from portal.core.errors import Refused
from portal.proof import jcs

NO_INPUTS = "a label, but no inputs"
WITHDRAWN = "withdrawn from any further use before the lock"


@dataclass(frozen=True)
class Scored:
    """A score sheet as text, and what it was made of beside labels and predictions."""

    body: str
    scoring: str

    @property
    def sha256(self) -> str:
        """The digest under which the sheet stands in the ledger."""
        return sha256(self.body.encode()).hexdigest()


@dataclass(frozen=True)
class Cases:
    """The test inputs' cases, and everybody's predictions for them."""

    people: Mapping[str, UUID] = field(repr=False)
    """Token of the test inputs → participant."""
    predictions: Mapping[UUID, Mapping[str, float]] = field(repr=False)
    """Submission → token → probability."""
    batch: LabelBatch = field(repr=False)
    facts: Mapping[UUID, Mapping[str, str]]
    """Submission → the roots of its predictions and of the people its model learned from."""
    test_root: str
    salt: bytes = field(repr=False)
    """Of the cases' hashes; told with the reveal."""
    cases_root: str
    """Binds who has which token, from the rehearsal on."""
    weights: Mapping[str, float] | None = field(default=None, repr=False)
    """Token → survey weight, where the test inputs have any."""
    rules: Sequence[Ruled] = ()
    """Those that have predictions; these stand among the others."""


def gather_cases(case: Case) -> Cases:
    """Return the cases with the predictions that were entered. Raises Refused where something is not as promised."""
    if case.test_rows is None or case.batch_pk is None:
        raise Refused("the test inputs are not there yet")
    if not case.entered:
        raise Refused("no model was entered")
    batch = LabelBatch.objects.filter(pk=case.batch_pk, evaluation_id=case.evaluation_pk).first()
    if batch is None:
        raise Refused("the sealing that the evaluation names is not in the vault")
    people = list_people(case.test_rows)
    predictions, facts = {}, {}
    for one in case.entered:
        predictions[one.submission_pk] = _read_entered(one, people)
        learned_from = set(list_people(one.train_rows).values())
        if not learned_from:
            raise Refused("the people a model learned from are not on record")
        if learned_from & set(people.values()):
            raise Refused("somebody a model learned from is among the test participants")
        facts[one.submission_pk] = {
            "pred_root": compute_prediction_root(predictions[one.submission_pk]),
            "train_root": compute_people_root(bytes(batch.salt), learned_from),
        }
    rules = []
    for rule, digest, content in list_made(case):
        predictions[rule.submission_pk] = _read(content, people)
        facts[rule.submission_pk] = {
            "predictions_sha256": digest,
            "pred_root": compute_prediction_root(predictions[rule.submission_pk]),
            # A rule learned from nobody.
            "train_root": compute_people_root(bytes(batch.salt), ()),
        }
        rules.append(rule)
    test_root = compute_people_root(bytes(batch.salt), people.values())
    salt = make_cases_salt(bytes(batch.salt))
    cases_root = compute_cases_root(hash_case(salt, person, token) for token, person in people.items())
    return Cases(people, predictions, batch, facts, test_root, salt, cases_root, _find_weights(case, people), rules)


def list_people(rows: Rows) -> dict[str, UUID]:
    """Return token → participant of a snapshot; only the scorer and the builder of snapshots can ask."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT token, participant_id FROM vault.dataset_row WHERE snapshot_id = %s AND attempt = %s",
            [rows.snapshot_pk, rows.attempt],
        )
        return dict(cursor.fetchall())


def compute_scores(
    case: Case,
    cases: Cases,
    labels: Mapping[UUID, int],
    more: Mapping[str, Any],
    *,
    without: Mapping[str, int],
    thrown: str = "",
) -> Scored:
    """Return the sheet over every case that has both a label and inputs.

    labels: participant → value. more: fields of the sheet's facts that only the scorer knows. without: reason → how
    many test participants have no label here; a rehearsal tells none, for they stand committed to as a secret.
    thrown: seed of a rehearsal, by which the risks of rules are thrown as the labels are.
    """
    by_token = {token: labels[person] for token, person in cases.people.items() if person in labels}
    left_out = Counter(without)
    n_test = len(labels) + sum(left_out.values())
    left_out[NO_INPUTS] += len(set(labels) - set(cases.people.values()))
    scoring: dict[str, Any] = {
        "facts": {
            **case.facts,
            "inputs": tell_inputs(case.facts.get("inputs", {}), case, cases.rules),
            "excluded": [{"reason": reason, "n": n} for reason, n in sorted(left_out.items()) if n],
            "flow": {**case.facts.get("flow", {}), "drawn for the test": n_test, "scored": len(by_token)},
            **more,
        },
        "protocol": dict(case.protocol),
        "models": [
            {
                **one.facts,
                **cases.facts[one.submission_pk],
                "submission": str(one.submission_pk),
                "predictions_sha256": one.predictions_sha256,
            }
            for one in case.entered
        ]
        + describe(cases.rules, cases.facts),
    }
    given = {str(pk): found for pk, found in cases.predictions.items()}
    if thrown:
        given |= {str(one.submission_pk): throw_risks(thrown, one, cases.people) for one in cases.rules}
    try:
        sheet = make_sheet(scoring, by_token, given, cases.weights)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"the sheet cannot be computed ({type(error).__name__})") from None
    return Scored(jcs.dumps(sheet).decode(), jcs.dumps(scoring).decode())


def throw_labels(case: Case, cases: Cases) -> tuple[str, dict[UUID, int]]:
    """Return a seed and labels thrown by it, for a rehearsal: half of them 1, whoever it is.

    The seed follows from what is in the ledger, so nobody can choose it (TRUST 1.9, attack 35).
    """
    roots: list[jcs.Json] = [cases.facts[one.submission_pk]["pred_root"] for one in case.entered]
    seed = sha256(jcs.dumps(["rehearsal", str(case.evaluation_pk), *roots])).hexdigest()
    people = sorted(cases.people.values())
    values = [number % 2 for number in range(len(people))]
    random.Random(seed).shuffle(values)
    return seed, dict(zip(people, values, strict=True))


def _find_weights(case: Case, people: Mapping[str, UUID]) -> dict[str, float] | None:
    primary = next((one for one in case.entered if one.facts.get("role") == "primary"), case.entered[0])
    found = Prediction.objects.get(submission_id=primary.submission_pk).weights
    if found is None:
        return None
    try:
        return read_weights(bytes(found), people)
    except ValueError as error:
        raise Refused(str(error)) from None


def _read_entered(one: Entered, people: Mapping[str, UUID]) -> dict[str, float]:
    found = Prediction.objects.filter(submission_id=one.submission_pk).first()
    if found is None:
        raise Refused("the predictions of a model that was entered are not there")
    content = bytes(found.content)
    if sha256(content).hexdigest() != one.predictions_sha256:
        raise Refused("the predictions of a model are not those that were entered: their hash differs")
    return _read(content, people)


def _read(content: bytes, people: Mapping[str, UUID]) -> dict[str, float]:
    try:
        return read_predictions(content, people)
    except ValueError as error:
        raise Refused(str(error)) from None
