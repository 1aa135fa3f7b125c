"""What analysts, PI and custodians of the demo did: runs of every ending, and evaluations in three states.

Each step is taken by the person who may take it, through the services the pages use.
"""

import time
from collections.abc import Callable
from typing import Any

from cohort.study.models import Study
from cohort.vault.access import find_last_request, find_open_request, find_own_key, find_sealing_key
from cohort.vault.demo import make_demo_card, seal_by_demo_card
from cohort.vault.models import RequestKind, RequestState
from modelling.blinded.manifests import list_missing
from modelling.blinded.models import Evaluation, State, Step, Submission
from modelling.blinded.protocol import DEFAULTS, Typed
from modelling.blinded.services import (
    approve,
    ask_for_rehearsal,
    begin_reveal,
    choose_custodians,
    draft_evaluation,
    enter_model,
    give_share,
    propose,
)
from modelling.engine.training.admissible import FX_FRAG, FX_INC, FX_WRIST_PAST, OP_WHO
from modelling.reports.services import keep_report
from modelling.runs.access import get_curves
from modelling.runs.models import TrainingRun
from modelling.runs.services import cancel_run, start_run
from modelling.zoo.models import ModelVersion
from portal.accounts.models import User
from portal.demo.waiting import NotDone, wait_for_jobs, wait_for_state, wait_until
from portal.jobs.reporting import BAD_SPEC
from portal.jobs.states import ENDED
from portal.roles.actors import Actor
from portal.roles.middleware import actor_of

Say = Callable[[str], None]

CUSTODIANS = ("carl", "cora", "cyril")
STEPS: dict[Step, tuple[str, str]] = {
    Step.OPEN: ("paula", "carl"),
    Step.SEAL: ("dan", "cora"),
    Step.SUBMIT: ("ana", "dan"),
    Step.LOCK: ("paula", "carl"),
    Step.REPORT: ("paula", "otto"),
}
"""Step → who proposes it and who approves."""

TITLES = {
    OP_WHO: "Osteoporosis from a wrist radiograph",
    FX_FRAG: "Past low-trauma fracture from a wrist radiograph",
    FX_INC: "Fracture after baseline imaging",
}
RUNS: dict[str, tuple[dict[str, Any], ...]] = {
    OP_WHO: ({"recipe": "fusion"}, {"recipe": "clinical"}),
    FX_FRAG: ({"recipe": "fusion"}, {"recipe": "clinical"}),
    FX_WRIST_PAST: ({"recipe": "clinical", "use_weights": True},),
}


def someone(name: str) -> Actor:
    """Return one of the demo's people by the first name."""
    return actor_of(User.objects.get(email=f"{name}@demo.example"))


def make_cards() -> None:
    """Make the custodians' cards, on this machine: demo custody."""
    for name in CUSTODIANS:
        if find_own_key(someone(name)) is None:
            make_demo_card(someone(name))


class NothingToLearn(NotDone):
    """The draw left too few people, or people of one label, to train on: it happens where few are enrolled."""


def train(study: Study, task: str, say: Say) -> dict[str, ModelVersion]:
    """Train a task's models on one fresh snapshot; return recipe → model version.

    Raises NothingToLearn, and NotDone for whatever else went wrong.
    """
    ana = someone("ana")
    first, *others = RUNS[task]
    clicked = time.monotonic()
    runs = [start_run(actor=ana, study=study, task=task, **first)]
    wait_until(lambda: _is_built(runs[0]), f"the snapshot for {task}")
    runs[0].snapshot.refresh_from_db()
    say(f"snapshot for {task} built in {time.monotonic() - clicked:.1f} s")
    laid = time.monotonic()
    wait_until(lambda: _is_over(runs[0]) or bool(get_curves(runs[0])), f"the first point of {runs[0]}")
    if get_curves(runs[0]):
        say(f"{runs[0]}: first point of its curves after {time.monotonic() - laid:.1f} s")
    runs += [start_run(actor=ana, study=study, task=task, snapshot=runs[0].snapshot, **one) for one in others]
    models = {}
    for run in runs:
        wait_for_run(run)
        if run is runs[0]:
            say(f"{run}: ended after {time.monotonic() - laid:.1f} s")
        models[run.recipe] = get_trained(run)
        say(f"{run.model} trained for {task}")
    return models


def get_trained(run: TrainingRun) -> ModelVersion:
    """Return the model of a run that is over. Raises NothingToLearn or NotDone where it has none."""
    if run.model is not None:
        return run.model
    why = run.job.failure_text if run.job else run.stopped_why
    kind = NothingToLearn if run.job and run.job.failure_code == BAD_SPEC else NotDone
    raise kind(f"{run} ended as '{run.state}': {why}")


def leave_runs(study: Study) -> None:
    """Leave a run that failed for a readable reason, and one that somebody cancelled."""
    ana = someone("ana")
    failed = start_run(
        actor=ana, study=study, task=OP_WHO, recipe="clinical", snapshot=_newest(study), columns=["grip_best"]
    )
    cancelled = start_run(actor=ana, study=study, task=OP_WHO, recipe="fusion", snapshot=_newest(study), seed=7)
    cancel_run(actor=ana, run=cancelled, why="the wrong seed")
    for run in (failed, cancelled):
        wait_for_run(run)


def wait_for_run(run: TrainingRun) -> None:
    """Return once a run is over, however it ended."""
    wait_until(lambda: _is_over(run), f"the end of {run}")


def open_evaluation(study: Study, task: str, title: str) -> Evaluation:
    """Draft an evaluation, give it its key and open it."""
    typed = Typed(
        question=f"Does the model separate {title[0].lower()}{title[1:]}, in people it has never seen?",
        max_models=4,
        looks=1,
        seed=20260101,
        **DEFAULTS,
    )
    evaluation = draft_evaluation(actor=someone("paula"), study=study, task=task, title=title, typed=typed)
    keys = [key for key in (find_own_key(someone(name)) for name in CUSTODIANS) if key is not None]
    choose_custodians(actor=someone("paula"), evaluation=evaluation, keys=keys)
    wait_until(lambda: find_sealing_key(evaluation.pk) is not None, "the sealing key")
    return take(evaluation, Step.OPEN)


def lock_evaluation(evaluation: Evaluation, models: dict[str, ModelVersion], primary: str) -> Evaluation:
    """Bring an evaluation from enrolling to locked: seal, predict, rehearse, submit, lock."""
    take(evaluation, Step.SEAL)
    wait_until(lambda: _has_inputs(evaluation), "the test inputs")
    ana = someone("ana")
    for recipe, model in models.items():
        role = Submission.Role.PRIMARY if recipe == primary else Submission.Role.BASELINE
        enter_model(actor=ana, evaluation=evaluation, model=model, role=role)
    wait_for_jobs([one.job for one in evaluation.submissions.select_related("job") if one.job], "the predictions")
    ask_for_rehearsal(actor=ana, evaluation=evaluation)
    _wait_for_answer(evaluation, RequestKind.REHEARSE, "the rehearsal")
    take(evaluation, Step.SUBMIT)
    return take(evaluation, Step.LOCK)


def give_one_share(evaluation: Evaluation, name: str) -> None:
    """Begin the reveal, if nobody has, and give one custodian's share."""
    actor = someone(name)
    begin_reveal(actor=actor, evaluation=evaluation)

    def find_key() -> str:
        found = find_open_request(evaluation.pk, RequestKind.REVEAL)
        return found.one_time_key if found else ""

    wait_until(lambda: bool(find_key()), "the scorer's one-time key")
    key = find_key()
    sealed = seal_by_demo_card(actor, evaluation.pk, key)
    give_share(actor=actor, evaluation=evaluation, ciphertext=sealed, one_time_key=key)


def reveal_evaluation(evaluation: Evaluation) -> Evaluation:
    """Let two custodians open a locked evaluation."""
    for name in ("carl", "cora"):
        give_one_share(evaluation, name)
    wait_for_state(evaluation, State.REVEALED, "the reveal")
    return evaluation


def report(evaluation: Evaluation) -> Evaluation:
    """Keep the report of a revealed evaluation and have it accepted."""
    keep_report(actor=someone("paula"), evaluation_pk=evaluation.pk)
    return take(evaluation, Step.REPORT)


def take(evaluation: Evaluation, step: Step) -> Evaluation:
    """Take one step with its two people."""
    proposer, approver = STEPS[step]
    evaluation.refresh_from_db()
    if missing := list_missing(evaluation, step):
        raise NotDone(f"'{step}' of {evaluation}: " + "; ".join(missing))
    proposal = propose(actor=someone(proposer), evaluation=evaluation, step=step)
    approve(actor=someone(approver), proposal=proposal, digest=proposal.digest)
    evaluation.refresh_from_db()
    return evaluation


def _wait_for_answer(evaluation: Evaluation, kind: RequestKind, what: str) -> None:
    def is_answered() -> bool:
        found = find_last_request(evaluation.pk, kind)
        return found is not None and found.ended_at is not None

    wait_until(is_answered, what)
    found = find_last_request(evaluation.pk, kind)
    if found is not None and found.state == RequestState.FAILED:
        raise NotDone(f"{what}: {found.told}")


def _has_inputs(evaluation: Evaluation) -> bool:
    evaluation.refresh_from_db()
    return evaluation.test_snapshot is not None and evaluation.test_snapshot.is_built


def _is_over(run: TrainingRun) -> bool:
    run.refresh_from_db()
    return run.stopped_at is not None or (run.job is not None and run.job.state in ENDED)


def _is_built(run: TrainingRun) -> bool:
    run.snapshot.refresh_from_db()
    job = run.snapshot.job
    if job is not None and job.state in ENDED and not run.snapshot.is_built:
        raise NotDone(f"the snapshot could not be built: {job.failure_text}")
    return run.snapshot.is_built


def _newest(study: Study) -> Any:
    return TrainingRun.objects.filter(study=study, task=OP_WHO).latest("asked_at").snapshot
