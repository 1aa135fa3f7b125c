"""The words of the steps, and which doors an evaluation's page opens to whom."""

from dataclasses import dataclass

from django.urls import reverse

from modelling.blinded.access import find_open_proposal, find_rehearsal, list_submissions
from modelling.blinded.manifests import list_missing
from modelling.blinded.models import Evaluation, State, Step
from modelling.blinded.states import PREDICTS_AGAIN, PROPOSED_BY, TABLE
from portal.roles.actors import Actor
from portal.roles.policy import may

CONSEQUENCES: dict[Step, list[str]] = {
    Step.OPEN: [
        "The protocol is fixed, with the sealing key and the three custodians.",
        "From here on nothing of it changes; what must change voids the evaluation.",
    ],
    Step.SEAL: [
        "Every label of a test participant is computed as of today, committed to, and sealed to the custodians.",
        "What is corrected later is told beside the result and changes nothing in it.",
        "The test inputs are gathered next, for the prediction process alone.",
    ],
    Step.SUBMIT: [
        "The models that were entered are the ones that will be scored, all at once.",
        "No model and no prediction can be added or changed afterwards.",
    ],
    Step.LOCK: [
        "Weights, predictions, labels, rules and code are bound by this one digest.",
        "From here on only two custodians together can open the labels, once.",
    ],
    Step.REPORT: ["The report is taken as it stands, with every deviation it lists."],
    Step.ARCHIVE: ["The evaluation ends here; its bundle was checked by somebody else."],
    Step.VOID: [
        "The evaluation ends without a result, for good, and later reports list it.",
        "Nothing that was sealed is opened.",
    ],
}
DONE: dict[Step, str] = {
    Step.OPEN: "Opened. The protocol is fixed.",
    Step.SEAL: "The labels are sealed. Nobody can open them alone.",
    Step.SUBMIT: "The models are handed in.",
    Step.LOCK: "Locked. Two custodians can reveal it now.",
    Step.REPORT: "The report is accepted.",
    Step.ARCHIVE: "Archived.",
    Step.VOID: "Void, for good.",
}


@dataclass(frozen=True)
class DoorTo:
    """Something the one who looks can do now."""

    words: str
    url: str
    note: str = ""
    is_post: bool = False
    is_main: bool = False
    """True for the one act that takes the evaluation on from where it stands."""


def list_doors(actor: Actor, evaluation: Evaluation) -> list[DoorTo]:
    """Return what the actor can do next with an evaluation, the step of two people included.

    At most one of them is the main one; of an opened evaluation the report is, which stands above them.
    """
    doors = [*_list_own_doors(actor, evaluation)]
    has_main = evaluation.is_opened or any(one.is_main for one in doors)
    for (state, verb), move in TABLE.items():
        if state != evaluation.state or verb not in Step.values or verb == Step.VOID:
            continue
        step = Step(verb)
        proposal = find_open_proposal(evaluation, step)
        url = reverse("evaluation-step", args=[evaluation.pk, step])
        is_main = not has_main and not list_missing(evaluation, step)
        if proposal is not None and may(actor, move.action) and proposal.proposer_id != actor.user_pk:
            doors.append(
                DoorTo(f"Approve: {step.label.lower()}", url, f"{proposal.proposer} proposed it.", is_main=is_main)
            )
        elif proposal is not None and proposal.proposer_id == actor.user_pk:
            doors.append(DoorTo(f"{step.label}: waits for the second person", url))
        elif may(actor, PROPOSED_BY[step]):
            doors.append(DoorTo(f"Propose: {step.label.lower()}", url, is_main=is_main))
    return doors


def may_void(actor: Actor, evaluation: Evaluation) -> bool:
    """True if the actor can propose or approve that the evaluation ends without a result."""
    if (evaluation.state, Step.VOID) not in TABLE:
        return False
    return may(actor, PROPOSED_BY[Step.VOID]) or (
        may(actor, "evaluation.void") and find_open_proposal(evaluation, Step.VOID) is not None
    )


def _list_own_doors(actor: Actor, evaluation: Evaluation) -> list[DoorTo]:
    pk, state = evaluation.pk, evaluation.state
    if state == State.DRAFT and not evaluation.custody_keys and may(actor, "evaluation.make_key"):
        return [DoorTo("Choose the custodians", reverse("evaluation-custodians", args=[pk]), is_main=True)]
    if state == State.SEALED:
        return _list_analyst_doors(actor, evaluation)
    if state == State.LOCKED and may(actor, "evaluation.reveal"):
        return [DoorTo("Reveal", reverse("evaluation-reveal", args=[pk]), is_main=True)]
    return []


def _list_analyst_doors(actor: Actor, evaluation: Evaluation) -> list[DoorTo]:
    pk, doors = evaluation.pk, []
    entered = list(list_submissions(evaluation))
    is_gathered = evaluation.test_snapshot is not None and evaluation.test_snapshot.is_built
    has_room = len(entered) < evaluation.protocol["max_models"]
    if may(actor, "evaluation.enter_model") and is_gathered and has_room:
        doors.append(DoorTo("Enter a model", reverse("evaluation-enter", args=[pk]), is_main=not entered))
    if may(actor, "evaluation.enter_model"):
        for one in entered:
            if one.job is not None and one.job.state in PREDICTS_AGAIN:
                url = reverse("evaluation-again", args=[pk, one.pk])
                doors.append(DoorTo(f"Have {one.model_version} predict again", url, is_post=True))
    is_ready = bool(entered) and all(one.predictions_sha256 for one in entered)
    if is_ready and may(actor, "evaluation.rehearse") and find_rehearsal(evaluation) is None:
        url = reverse("evaluation-rehearse", args=[pk])
        doors.append(DoorTo("Have it checked and rehearsed", url, is_post=True, is_main=True))
    return doors
