"""Writes of blinded evaluations: drafting, custody, entering models, and the two persons of every step."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from cohort.labels.rules import RULE_VERSIONS
from cohort.study.models import Study
from cohort.vault.access import find_open_request
from cohort.vault.models import CustodyKey, GivenShare, Request, RequestKind
from cohort.vault.services import ask_scorer, take_share
from modelling.blinded.access import (
    find_open_proposal,
    hold_evaluation,
    list_opened,
    list_opened_tasks,
    planned_looks,
)
from modelling.blinded.baselines import choose_baselines
from modelling.blinded.effects import EFFECTS, ask_for_test_inputs
from modelling.blinded.manifests import list_missing, make_body
from modelling.blinded.models import Approval, Evaluation, Proposal, State, Step, Submission
from modelling.blinded.predicting import launch_prediction
from modelling.blinded.protocol import Typed, compute_digest, make_protocol
from modelling.blinded.states import PREDICTS_AGAIN, PROPOSED_BY, TABLE
from modelling.engine.recipes import FILM_ONLY
from modelling.zoo.models import ModelVersion
from portal.audit.context import act, name_subject, service
from portal.audit.record import append_to_ledger
from portal.audit.ties import COOLING, is_tied
from portal.core.errors import Refused, StaleState, WrongState
from portal.proof import jcs
from portal.roles.actors import Actor
from portal.roles.models import Membership, Role
from portal.roles.policy import require
from portal.workflow import require_verb

N_CUSTODIANS = 3
PROPOSAL_LASTS = timedelta(hours=72)


@service("evaluation.draft")
def draft_evaluation(*, actor: Actor, study: Study, task: str, title: str, typed: Typed) -> Evaluation:
    """Draft an evaluation of one task. A test set is spent once it was opened as often as its first protocol planned.

    Raises Refused for a spent one, and for a task without a rule.
    """
    require(actor, "evaluation.draft")
    if task not in RULE_VERSIONS:
        raise Refused(f"there is no label rule for '{task}'; there are: {', '.join(RULE_VERSIONS)}")
    opened = list_opened(study, task)
    look = 1 + len(opened)
    if opened:
        typed = replace(typed, looks=planned_looks(opened[0]))
        if look > typed.looks:
            raise Refused(
                f"the test set of '{task}' is spent: its protocol planned {typed.looks} opening(s), and it was opened "
                f"{len(opened)} time(s); what comes next wants people nobody has been tested on"
            )
    protocol = make_protocol(
        typed,
        study=str(study.pk),
        origin=study.origin,
        task=task,
        rule=RULE_VERSIONS[task],
        look=look,
        baselines=choose_baselines(task, list_opened_tasks(study)),
    )
    evaluation = Evaluation.objects.create(
        study=study,
        origin=study.origin,
        task=task,
        title=title,
        look=look,
        protocol=protocol,
        protocol_sha256=compute_digest(protocol),
        drafted_at=timezone.now(),
    )
    name_subject(evaluation.pk)
    return evaluation


@service("evaluation.make_key")
def choose_custodians(*, actor: Actor, evaluation: Evaluation, keys: list[CustodyKey]) -> Request:
    """Choose the three custodians and ask the scorer for the sealing key; chosen once, for a share is made for each."""
    require(actor, "evaluation.make_key")
    if evaluation.state != State.DRAFT:
        raise WrongState(f"custodians are chosen in a draft, and '{evaluation}' is {evaluation.state}")
    if evaluation.custody_keys:
        raise Refused("the custodians are chosen already; void the evaluation to choose others")
    if len({one.custodian_id for one in keys}) != N_CUSTODIANS or len(keys) != N_CUSTODIANS:
        raise Refused(f"{N_CUSTODIANS} different custodians are wanted, found {len({k.custodian_id for k in keys})}")
    if any(one.retired_at for one in keys):
        raise Refused("one of these keys is retired: its custodian has a newer card")
    _refuse_leaders(evaluation.study, {one.custodian_id for one in keys})
    is_demo = any(one.is_demo for one in keys)
    chosen = [one.pk for one in keys]
    Evaluation.objects.filter(pk=evaluation.pk).update(custody_keys=chosen, is_demo_custody=is_demo)
    evaluation.custody_keys, evaluation.is_demo_custody = chosen, is_demo
    name_subject(evaluation.pk)
    return ask_scorer(actor, evaluation.pk, RequestKind.MAKE_KEY)


def propose(*, actor: Actor, evaluation: Evaluation, step: Step, why: str = "") -> Proposal:
    """Propose a step: its digest is over everything it rests on now. A second person approves it within 72 hours."""
    with act(actor, PROPOSED_BY[step], why=why):
        require(actor, PROPOSED_BY[step])
        require_verb(evaluation, step, TABLE)
        if missing := list_missing(evaluation, step):
            raise Refused("not yet: " + "; ".join(missing))
        found = find_open_proposal(evaluation, step)
        body = make_body(evaluation, step)
        digest = compute_digest(body)
        if found is not None and found.digest == digest:
            raise Refused("this is proposed already and waits for the second person")
        now = timezone.now()
        name_subject(evaluation.pk)
        return Proposal.objects.create(
            evaluation=evaluation,
            step=step,
            body=jcs.dumps(body).decode(),
            digest=digest,
            proposer_id=actor.person_pk,
            proposed_at=now,
            expires_at=now + PROPOSAL_LASTS,
        )


def approve(*, actor: Actor, proposal: Proposal, digest: str, why: str = "") -> Approval:
    """Approve a proposal as the second person, by the digest that was on the page, and do what it says.

    Raises StaleState where anything has changed since, Refused for the proposer, for two who count as one person,
    and for a proposal that lapsed; NotAllowed.
    """
    step, seen = Step(proposal.step), proposal.evaluation.state
    action = TABLE[(seen, step)].action if (seen, step) in TABLE else f"evaluation.{step}"
    with act(actor, action, why=why):
        require(actor, action)
        # Of two at once the second waits here and finds the step done; nor does a model slip in meanwhile.
        evaluation = proposal.evaluation = hold_evaluation(proposal.evaluation_id)
        require_verb(evaluation, step, TABLE)
        _refuse_one_person(actor, proposal)
        now = timezone.now()
        if proposal.expires_at <= now:
            raise Refused("this proposal has lapsed after 72 hours: it must be made again")
        if digest != proposal.digest or compute_digest(make_body(evaluation, step)) != proposal.digest:
            raise StaleState("what this rests on has changed since it was proposed: it must be proposed again")
        if missing := list_missing(evaluation, step):
            raise Refused("not yet: " + "; ".join(missing))
        if Approval.objects.filter(proposal=proposal).exists():
            raise StaleState("this was approved already")
        found = Approval.objects.create(
            proposal=proposal, proposer_id=proposal.proposer_id, approver_id=actor.person_pk, approved_at=now
        )
        told = EFFECTS[step](actor, evaluation, proposal)
        append_to_ledger(
            f"evaluation.{step}",
            {
                "evaluation": str(evaluation.pk),
                "state": evaluation.state,
                "digest": proposal.digest,
                "proposer": str(proposal.proposer_id),
                "approver": str(found.approver_id),
                **told,
            },
        )
        if step == Step.SEAL:
            # Only now: the inputs are gathered once the seal stands in the ledger.
            ask_for_test_inputs(actor, evaluation)
        name_subject(evaluation.pk)
        return found


@service("evaluation.enter_model")
def enter_model(*, actor: Actor, evaluation: Evaluation, model: ModelVersion, role: str) -> Submission:
    """Enter a model and have it predict the test inputs; nobody sees a prediction before the reveal."""
    require(actor, "evaluation.enter_model")
    evaluation = hold_evaluation(evaluation.pk)
    if evaluation.state != State.SEALED:
        raise WrongState(f"models are entered while an evaluation is sealed, and '{evaluation}' is {evaluation.state}")
    if (model.study_id, model.task, model.origin) != (evaluation.study_id, evaluation.task, evaluation.origin):
        raise Refused("the model is of another study, task or origin")
    if model.modalities and model.answers_from != FILM_ONLY:
        raise Refused(f"{model} learned from images and does not answer from a radiograph alone; its card says why")
    entered = list(evaluation.submissions.all())
    if len(entered) >= evaluation.protocol["max_models"]:
        raise Refused(f"the protocol allows {evaluation.protocol['max_models']} models, and they are entered")
    if any(one.model_version_id == model.pk for one in entered):
        raise Refused(f"{model} is entered already")
    if role == Submission.Role.PRIMARY and any(one.role == role for one in entered):
        raise Refused("a primary model is entered already")
    submission = Submission.objects.create(
        evaluation=evaluation,
        origin=evaluation.origin,
        model_version=model,
        role=role,
        entered_by_id=actor.user_pk,
        entered_at=timezone.now(),
    )
    launch_prediction(actor, submission)
    name_subject(evaluation.pk)
    return submission


@service("evaluation.enter_model")
def predict_again(*, actor: Actor, submission: Submission) -> None:
    """Have a model predict once more where its job failed; what was predicted already stays."""
    require(actor, "evaluation.enter_model")
    evaluation = hold_evaluation(submission.evaluation_id)
    if evaluation.state != State.SEALED:
        raise WrongState(f"models predict while an evaluation is sealed, and '{evaluation}' is {evaluation.state}")
    submission.refresh_from_db()
    if submission.predictions_sha256:
        raise Refused("this model's predictions are in already, and stay")
    if submission.job is not None and submission.job.state not in PREDICTS_AGAIN:
        raise Refused(f"its prediction is {submission.job.get_state_display().lower()}: wait, or look at its job")
    launch_prediction(actor, submission)
    name_subject(submission.evaluation_id)


@service("evaluation.rehearse")
def ask_for_rehearsal(*, actor: Actor, evaluation: Evaluation) -> Request:
    """Have the scorer check everything that was entered and score it with labels thrown by a die."""
    require(actor, "evaluation.rehearse")
    if evaluation.state not in {State.SEALED, State.SUBMITTED}:
        raise WrongState(f"a rehearsal comes between sealing and lock, and '{evaluation}' is {evaluation.state}")
    entered = list(evaluation.submissions.all())
    if not entered or not all(one.predictions_sha256 for one in entered):
        raise Refused("every model must have its predictions first")
    if not any(one.role == Submission.Role.PRIMARY for one in entered):
        raise Refused("one model must be entered as the primary one")
    name_subject(evaluation.pk)
    return ask_scorer(actor, evaluation.pk, RequestKind.REHEARSE)


@service("evaluation.reveal")
def begin_reveal(*, actor: Actor, evaluation: Evaluation) -> Request:
    """Ask the scorer for a one-time key, to which two custodians then give their shares."""
    require(actor, "evaluation.reveal")
    if evaluation.state != State.LOCKED:
        raise WrongState(f"only a locked evaluation is revealed, and '{evaluation}' is {evaluation.state}")
    name_subject(evaluation.pk)
    if (found := find_open_request(evaluation.pk, RequestKind.REVEAL)) is not None:
        return found
    append_to_ledger(
        "evaluation.reveal_begun",
        {
            "evaluation": str(evaluation.pk),
            "custodian": str(actor.person_pk),
            "manifest_sha256": evaluation.manifest_sha256,
        },
    )
    return ask_scorer(actor, evaluation.pk, RequestKind.REVEAL)


@service("evaluation.reveal")
def give_share(*, actor: Actor, evaluation: Evaluation, ciphertext: bytes, one_time_key: str) -> GivenShare:
    """Hand on a custodian's share, sealed to the scorer's one-time key; with the second, the scorer reveals.

    ciphertext: what the custodian's browser sealed; this process never sees the share.
    """
    require(actor, "evaluation.reveal")
    if evaluation.state != State.LOCKED:
        raise WrongState(f"only a locked evaluation is revealed, and '{evaluation}' is {evaluation.state}")
    request = find_open_request(evaluation.pk, RequestKind.REVEAL)
    if request is None:
        raise Refused("no reveal was begun, or the last one was refused: begin it again")
    given = take_share(actor, request, ciphertext, one_time_key)
    append_to_ledger(
        "evaluation.share_given",
        {
            "evaluation": str(evaluation.pk),
            "custodian": str(actor.person_pk),
            "one_time_key": one_time_key,
            "manifest_sha256": evaluation.manifest_sha256,
        },
    )
    name_subject(evaluation.pk)
    return given


def _refuse_leaders(study: Study, custodians: set[UUID]) -> None:
    """Raise Refused where one of the custodians leads the study or keeps its data (DECISIONS 6)."""
    holders = Membership.objects.on(timezone.localdate()).filter(user__in=custodians)
    found = holders.filter(role__in=(Role.PI, Role.DATA_MANAGER)).first()
    if found is not None and not study.small_team:
        raise Refused(f"a {found.get_role_display().lower()} holds no share, except in a small team: choose another")


def _refuse_one_person(actor: Actor, proposal: Proposal) -> None:
    if actor.person_pk == proposal.proposer_id:
        raise Refused("who proposed cannot approve: a second person must")
    if is_tied(actor.person_pk, proposal.proposer_id, timezone.now()):
        raise Refused(
            f"one of you let the other in within the last {COOLING.days} days, so the two count as one person: "
            "wait, or ask somebody else"
        )
