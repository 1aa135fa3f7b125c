"""An evaluation on its way to the reveal, for tests that commit: everything through the product's own services.

What other parts of the house make (labels from forms, built snapshots, trained models, predictions) is laid down here
by hand, under the roles that write it.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connections
from django.utils import timezone

from cohort.datasets.models import DatasetRow, Snapshot
from cohort.enrolment.models import Assignment
from cohort.labels.rules import Label
from cohort.participants.models import Participant
from cohort.vault.access import find_open_request, find_own_share, find_sealing_key
from cohort.vault.card import public_key_of
from cohort.vault.models import CustodyKey, Request, RequestKind
from cohort.vault.services import register_custody_key
from cohort.vault.shares import hand_on
from modelling.blinded import effects, services
from modelling.blinded.models import Evaluation, Step, Submission
from modelling.blinded.protocol import DEFAULTS, Typed
from modelling.zoo.models import ModelVersion
from portal.audit.context import joined
from portal.proof import commit
from portal.roles.actors import Actor
from portal.roles.models import Role
from tests.browser import until
from tests.cast import Cast, act_as, hands, make_cast, make_participant

ROOT = Path(__file__).resolve().parents[3]
TASK = "FX_FRAG"
TYPED = Typed(question="Does the model separate them?", max_models=3, seed=7, **DEFAULTS)


@dataclass
class Stage:
    """The cast, three custodians with their cards, and the evaluation."""

    cast: Cast
    environment: dict[str, str]
    custodians: list[Actor]
    cards: dict[uuid.UUID, bytes]
    auditor: Actor
    truth: dict[uuid.UUID, int] = field(default_factory=dict)
    evaluation_pk: uuid.UUID | None = None

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation as it stands now."""
        return Evaluation.objects.select_related("study", "test_snapshot").get(pk=self.evaluation_pk)

    def test_people(self) -> list[uuid.UUID]:
        """Who was drawn into the test: known to the tests alone."""
        return list(Assignment.objects.filter(is_test=True).values_list("participant_id", flat=True))

    def agree(self, step: Step, proposer: Actor, approver: Actor) -> None:
        """Have two people do a step."""
        proposal = services.propose(actor=proposer, evaluation=self.evaluation, step=step)
        services.approve(actor=approver, proposal=proposal, digest=proposal.digest)


def set_stage(environment: dict[str, str], n_people: int = 20) -> Stage:
    """Enrol people and register three custodians' keys."""
    cast = make_cast()
    cyril = act_as("Cyril Custodian", Role.CUSTODIAN)
    stage = Stage(cast, environment, [cast.carl, cast.cora, cyril], {}, act_as("Otto Auditor", Role.AUDITOR))
    for number in range(n_people):
        stage.truth[make_participant(cast, f"Ann{number}").pk] = number % 2
    # Both classes are in the test, whoever was drawn.
    for number, pk in enumerate(stage.test_people()):
        stage.truth[pk] = number % 2
    for one in stage.custodians:
        private, public = commit.make_key_pair()
        stage.cards[one.person_pk] = private
        register_custody_key(actor=one, public_key=public.hex())
    return stage


def draft(stage: Stage, keys: list[CustodyKey] | None = None) -> Evaluation:
    """Draft the evaluation and ask for its key."""
    evaluation = services.draft_evaluation(
        actor=stage.cast.paula, study=stage.cast.study, task=TASK, title="Past fracture from the wrist", typed=TYPED
    )
    stage.evaluation_pk = evaluation.pk
    chosen = keys or list(CustodyKey.objects.all())
    services.choose_custodians(actor=stage.cast.paula, evaluation=evaluation, keys=chosen)
    return evaluation


def bring_to_enrolling(stage: Stage, keys: list[CustodyKey] | None = None) -> None:
    """Draft, have the key made, open."""
    draft(stage, keys)
    run_scorer_once(stage)
    assert find_sealing_key(stage.evaluation.pk) is not None
    stage.agree(Step.OPEN, stage.cast.paula, stage.cast.carl)


def bring_to_sealed(stage: Stage, keys: list[CustodyKey] | None = None) -> None:
    """Seal everybody's label and lay the test inputs down."""
    bring_to_enrolling(stage, keys)
    test = stage.test_people()
    labels = {pk: Label(stage.truth[pk]) for pk in test}
    with patch.object(effects, "label_participants", lambda study, task, alias: labels):
        stage.agree(Step.SEAL, stage.cast.dan, stage.cast.carl)
    snapshot = stage.evaluation.test_snapshot
    assert snapshot is not None
    fill_snapshot(stage.cast.dan, snapshot, test)


def bring_to_submitted(stage: Stage, keys: list[CustodyKey] | None = None) -> None:
    """Enter two models with their predictions, rehearse, hand in."""
    bring_to_sealed(stage, keys)
    for role in (Submission.Role.PRIMARY, Submission.Role.BASELINE):
        enter(stage, role)
    services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    run_scorer_once(stage)
    stage.agree(Step.SUBMIT, stage.cast.ana, stage.cast.dan)


def bring_to_locked(stage: Stage, keys: list[CustodyKey] | None = None) -> None:
    """Lock."""
    bring_to_submitted(stage, keys)
    stage.agree(Step.LOCK, stage.cast.paula, stage.cast.cora)


def fill_snapshot(actor: Actor, snapshot: Snapshot, people: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Do as the builder does: rows in the vault, then hash and manifest in the open."""
    tokens = {pk: uuid.uuid4().hex for pk in people}
    manifest = {"columns": [], "left_out": [], "weights": None, "n": len(people)}
    with hands(actor):
        with joined("snapshot"):
            DatasetRow.objects.using("snapshot").bulk_create(
                DatasetRow(token=token, snapshot_id=snapshot.pk, attempt=1, participant_id=pk)
                for pk, token in tokens.items()
            )
        n_events = None if snapshot.purpose == "test" else 1
        Snapshot.objects.filter(pk=snapshot.pk).update(
            sha256=sha256(snapshot.pk.bytes).hexdigest(),
            built_at=timezone.now(),
            attempt=1,
            n=len(people),
            n_events=n_events,
            manifest=manifest,
            consent_root="0" * 64,
        )
    return tokens


def make_model(stage: Stage, people: Sequence[uuid.UUID] | None = None) -> ModelVersion:
    """Lay down a model that learned from the training participants, or from the people named."""
    learned_from = people if people is not None else list(set(stage.truth) - set(stage.test_people()))
    with hands(stage.cast.ana):
        snapshot = Snapshot.objects.create(
            study=stage.cast.study, origin="simulated", task=TASK, purpose="train", rule_version="FX_FRAG v1"
        )
    fill_snapshot(stage.cast.ana, snapshot, learned_from)
    number = ModelVersion.objects.count() + 1
    with hands(stage.cast.ana):
        return ModelVersion.objects.create(
            study=stage.cast.study,
            snapshot=Snapshot.objects.get(pk=snapshot.pk),
            origin="simulated",
            task=TASK,
            number=number,
            name=f"Model {number}",
            recipe="fusion",
            profile="small",
            modalities=["film"],
            config={},
            metrics={},
            card={},
            answers_from="film",
            threshold=0.5,
            model_sha256=sha256(b"m%d" % number).hexdigest(),
            weights_sha256=sha256(b"w%d" % number).hexdigest(),
            files=[],
            made_at=timezone.now(),
        )


def enter(
    stage: Stage,
    role: str,
    risks: dict[uuid.UUID, float] | None = None,
    model: ModelVersion | None = None,
    content: bytes | None = None,
) -> Submission:
    """Enter a model and hand in predictions as the worker would."""
    submission = services.enter_model(
        actor=stage.cast.ana, evaluation=stage.evaluation, model=model or make_model(stage), role=role
    )
    if content is None:
        content = write_predictions(stage, risks or {})
    hand_in(stage, submission, content)
    return submission


def write_predictions(stage: Stage, risks: dict[uuid.UUID, float]) -> bytes:
    """Write predictions of the test inputs: the risks given, else a fifth, which separates nobody."""
    snapshot = stage.evaluation.test_snapshot
    rows = DatasetRow.objects.using("snapshot").filter(snapshot_id=snapshot.pk)  # type: ignore[union-attr]
    lines = sorted(f"{row.token},{risks.get(row.participant_id, 0.2)!r},," for row in rows)
    return ("token,p,lower,upper\n" + "\n".join(lines) + "\n").encode()


def hand_in(stage: Stage, submission: Submission, content: bytes) -> None:
    """Write predictions as the worker's role."""
    digest = sha256(content).hexdigest()
    with psycopg.connect(stage.environment["DATABASE_URL_WORKER"]) as connection:
        connection.execute("SELECT set_config('trabecula.act_id', %s, true)", [str(uuid.uuid4())])
        connection.execute(
            "INSERT INTO vault.prediction (id, evaluation_id, submission_id, content, sha256, made_at) "
            "VALUES (%s, %s, %s, %s, %s, now())",
            [uuid.uuid4(), submission.evaluation_id, submission.pk, content, digest],
        )
        connection.execute(
            "UPDATE blinded_submission SET predictions_sha256 = %s, n_cases = %s, is_sandboxed = true WHERE id = %s",
            [digest, content.count(b"\n") - 1, submission.pk],
        )


def scorer_environment(stage: Stage) -> dict[str, str]:
    """Return the environment of the scorer: its own role's address alone."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DATABASE_URL")}
    own = stage.environment["DATABASE_URL_SCORER"]
    return kept | {"DATABASE_URL_SCORER": own, "TRABECULA_PROCESS": "scorer", "PYTHONPATH": str(ROOT)}


def run_scorer_once(stage: Stage) -> None:
    """Let the scorer answer what waits."""
    argv = [sys.executable, "-m", "cohort.vault.scorer", "--once"]
    done = subprocess.run(
        argv, cwd=ROOT, env=scorer_environment(stage), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    refused = Request.objects.using("default").filter(evaluation_id=stage.evaluation_pk, state="failed")
    assert not refused.exists(), [one.told for one in refused]


@contextmanager
def running_scorer(
    stage: Stage, argv: Sequence[str] = ("-m", "cohort.vault.scorer")
) -> Iterator[subprocess.Popen[str]]:
    """Keep a scorer running while the block runs."""
    process = subprocess.Popen(
        [sys.executable, *argv], cwd=ROOT, env=scorer_environment(stage), stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def begin(stage: Stage, custodian: Actor) -> Request:
    """Begin a reveal and wait for the scorer's one-time key."""
    services.begin_reveal(actor=custodian, evaluation=stage.evaluation)
    return wait_for_key(stage)


def wait_for_key(stage: Stage, other_than: str = "") -> Request:
    """Wait until the scorer has a key, other than one seen before."""

    def ready() -> Request | None:
        found = find_open_request(stage.evaluation.pk, RequestKind.REVEAL)
        return found if found and found.one_time_key not in {"", other_than} else None

    found = until(ready, "the scorer offers a one-time key")
    assert found is not None
    return found


def give(stage: Stage, custodian: Actor, request: Request, card: bytes | None = None) -> None:
    """Hand on a share as a custodian's browser does."""
    share = find_own_share(custodian, stage.evaluation.pk)
    assert share is not None
    sealed = hand_on(
        card or stage.cards[custodian.person_pk], bytes(share.ciphertext), bytes.fromhex(request.one_time_key)
    )
    services.give_share(
        actor=custodian, evaluation=stage.evaluation, ciphertext=sealed, one_time_key=request.one_time_key
    )


def reveal(stage: Stage) -> None:
    """Reveal with the first two custodians."""
    with running_scorer(stage):
        request = begin(stage, stage.custodians[0])
        for one in stage.custodians[:2]:
            give(stage, one, request)
        until(lambda: stage.evaluation.state == "revealed" or failed(stage), "the scorer reveals")
    assert not failed(stage), failed(stage)


def failed(stage: Stage) -> str:
    """Why the last reveal was refused; empty if it was not."""
    last = Request.objects.using("default").filter(evaluation_id=stage.evaluation_pk, kind="reveal")
    found = last.order_by("-asked_at").first()
    return found.told if found is not None and found.state == "failed" else ""


def sheet_of(stage: Stage) -> dict[str, Any]:
    """Read the score sheet as a page does."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT body FROM vault.score_sheet WHERE evaluation_id = %s", [stage.evaluation_pk])
        found = cursor.fetchone()
    return json.loads(found[0]) if found else {}


def public_of(private: bytes) -> str:
    """Return the public half of a card."""
    return public_key_of(private).hex()


def people_of(stage: Stage) -> list[Participant]:
    """Everybody enrolled."""
    return list(Participant.objects.filter(study=stage.cast.study))
