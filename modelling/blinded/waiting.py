"""What waits for somebody in blinded evaluations: the step that is theirs, each with the page where it is done."""

from collections.abc import Iterator

from django.urls import reverse

from cohort.vault.access import find_open_request, find_own_key, find_own_share, list_givers
from cohort.vault.models import RequestKind
from frontend.parts import Waiting
from modelling.blinded.access import find_open_proposal, list_evaluations_for
from modelling.blinded.ceremony import list_doors
from modelling.blinded.models import Evaluation, State, Step
from modelling.blinded.states import TABLE
from portal.roles.actors import Actor
from portal.roles.policy import may


def list_waiting_for(actor: Actor) -> list[Waiting]:
    """Return what waits for the actor, of what the actor may do."""
    if not actor.is_known or not may(actor, "evaluation.view"):
        return []
    found: list[Waiting] = []
    if may(actor, "custody.register") and find_own_key(actor) is None:
        found.append(
            Waiting(
                1, "custody key is wanted from you, so that shares can be sealed to you", reverse("custody"), "soon"
            )
        )
    for evaluation in list_evaluations_for(actor):
        found += _of_evaluation(actor, evaluation)
    return found


def _of_evaluation(actor: Actor, evaluation: Evaluation) -> Iterator[Waiting]:
    page = reverse("evaluation", args=[evaluation.pk])
    for (state, verb), move in TABLE.items():
        if state != evaluation.state or verb not in Step.values:
            continue
        proposal = find_open_proposal(evaluation, Step(verb))
        if proposal is not None and may(actor, move.action) and proposal.proposer_id != actor.user_pk:
            words = f"approval is wanted from you: {Step(verb).label.lower()}, {evaluation}"
            yield Waiting(1, words, reverse("evaluation-step", args=[evaluation.pk, verb]), "now")
            return
    if evaluation.state == State.LOCKED:
        yield from _reveal(actor, evaluation)
    elif _is_theirs_now(actor, evaluation):
        yield Waiting(1, f"evaluation waits for you: {evaluation}", page, "soon")


def _is_theirs_now(actor: Actor, evaluation: Evaluation) -> bool:
    """True if the actor could do the next step and nobody has proposed it yet; following people up takes its time."""
    if evaluation.state in {State.ENROLLING, State.REPORTED} or not list_doors(actor, evaluation):
        return False
    return not any(find_open_proposal(evaluation, step) for step in Step if step != Step.VOID)


def _reveal(actor: Actor, evaluation: Evaluation) -> Iterator[Waiting]:
    if not may(actor, "evaluation.reveal") or find_own_share(actor, evaluation.pk) is None:
        return
    request = find_open_request(evaluation.pk, RequestKind.REVEAL)
    givers = list_givers(request) if request else []
    if actor.user_pk in givers:
        return
    url = reverse("evaluation-reveal", args=[evaluation.pk])
    if givers:
        yield Waiting(1, f"share is wanted from you, the second: the reveal of {evaluation}", url, "now")
    else:
        yield Waiting(1, f"evaluation is locked and can be revealed: {evaluation}", url, "soon")
