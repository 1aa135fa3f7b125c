"""Pages of blinded evaluations: the list, one evaluation, and every step two people do together."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cohort.study.access import list_studies_for
from cohort.vault.access import find_last_request, find_open_request, list_custody_keys
from cohort.vault.models import CustodyKey, RequestKind
from frontend.parts import Confirmation, Link
from modelling.blinded import ceremony, parts, services, who
from modelling.blinded.access import (
    find_open_proposal,
    find_rehearsal,
    get_evaluation_for,
    list_evaluations_for,
    list_submissions,
)
from modelling.blinded.forms import CustodiansForm, EnterForm, EvaluationForm
from modelling.blinded.manifests import list_missing, make_body
from modelling.blinded.models import Evaluation, State, Step
from modelling.blinded.protocol import compute_digest
from modelling.blinded.states import PROPOSED_BY, TABLE
from modelling.zoo.access import list_models_for
from portal.audit.record import record_read
from portal.core.forms import RetypeForm, refusals_on, sentence, status_of, typed_in
from portal.roles.fresh import grave
from portal.roles.http import Request
from portal.roles.policy import may, require
from portal.workflow import require_verb

ask_and_act = require_http_methods(["GET", "POST"])
RETYPED = 8


@require_GET
def evaluations(request: Request) -> HttpResponse:
    """Show the evaluations of one's studies and who must do what next."""
    context = {
        "table": parts.make_evaluations_table(list_evaluations_for(request.actor)),
        "may_draft": may(request.actor, "evaluation.draft"),
        "crumbs": [Link("Evaluations")],
    }
    return render(request, "modelling/blinded/evaluations.html", context)


@ask_and_act
def evaluation_new(request: Request) -> HttpResponse:
    """Draft an evaluation."""
    require(request.actor, "evaluation.draft")
    form = EvaluationForm(typed_in(request), studies=list_studies_for(request.actor))
    if form.is_valid():
        with refusals_on(form):
            chosen = {name: form.cleaned_data[name] for name in ("study", "task", "title")}
            made = services.draft_evaluation(actor=request.actor, typed=form.typed, **chosen)
            return redirect("evaluation", made.pk)
    crumbs = [Link("Evaluations", reverse("evaluations")), Link("Draft an evaluation")]
    context = {"form": form, "crumbs": crumbs}
    return render(request, "modelling/blinded/evaluation_new.html", context, status=status_of(form))


@require_GET
def evaluation(request: Request, pk: UUID) -> HttpResponse:
    """Show one evaluation: where it stands, who must do what next, and nothing that tells a label."""
    found = get_evaluation_for(request.actor, pk)
    keys = CustodyKey.objects.filter(pk__in=found.custody_keys).select_related("custodian")
    context = {
        "steps": parts.make_steps(found),
        "next": parts.say_next(found),
        "doors": ceremony.list_doors(request.actor, found),
        "protocol": parts.list_protocol(found),
        "custody": parts.make_custody_table(keys),
        "submissions": parts.make_submissions_table(list_submissions(found)),
        "shows_models": found.state not in {State.DRAFT, State.ENROLLING},
        "key_request": find_last_request(found.pk, RequestKind.MAKE_KEY),
        "rehearsal": find_rehearsal(found),
        "waits_for_scorer": any(
            find_open_request(found.pk, kind) for kind in (RequestKind.MAKE_KEY, RequestKind.REHEARSE)
        ),
        "last_rehearsal": find_last_request(found.pk, RequestKind.REHEARSE),
        "may_take_public": found.is_opened and may(request.actor, "evaluation.take_public"),
        "may_take_restricted": found.is_opened and may(request.actor, "evaluation.take_restricted"),
        "voids": ceremony.may_void(request.actor, found),
    }
    response = _show(request, found, "evaluation", context)
    if "X-Background" in request.headers and not context["waits_for_scorer"]:
        # Only a part of the page asks again and again; what the scorer has answered stands elsewhere on it too.
        response["HX-Refresh"] = "true"
    return response


@ask_and_act
@grave
def evaluation_custodians(request: Request, pk: UUID) -> HttpResponse:
    """Choose the three custodians; the scorer then makes the sealing key and a share for each."""
    found = get_evaluation_for(request.actor, pk)
    require(request.actor, "evaluation.make_key")
    known = list(list_custody_keys())
    initial = {"keys": known} if len(known) == services.N_CUSTODIANS else {}
    form = CustodiansForm(typed_in(request), initial=initial)
    if form.is_valid():
        with refusals_on(form):
            chosen = list(form.cleaned_data["keys"])
            services.choose_custodians(actor=request.actor, evaluation=found, keys=chosen)
            messages.success(request, "The scorer was asked for the sealing key.")
            return redirect("evaluation", found.pk)
    context = {"form": form, "n_known": len(known), "n_wanted": services.N_CUSTODIANS}
    return _show(request, found, "custodians", context, "Custodians", status_of(form))


@ask_and_act
@grave
def evaluation_step(request: Request, pk: UUID, step: str) -> HttpResponse:
    """Propose a step, or approve what another person proposed, by the digest of all it rests on."""
    found = get_evaluation_for(request.actor, pk)
    if step not in Step.values:
        raise Http404
    wanted = Step(step)
    require_verb(found, wanted, TABLE)
    proposal = find_open_proposal(found, wanted)
    is_second = proposal is not None and may(request.actor, TABLE[(found.state, wanted)].action)
    if not is_second:
        require(request.actor, PROPOSED_BY[wanted])
    digest = proposal.digest if proposal and is_second else compute_digest(make_body(found, wanted))
    form = RetypeForm(typed_in(request), wanted=digest[:RETYPED])
    if form.is_valid():
        with refusals_on(form):
            if proposal is not None and is_second:
                services.approve(actor=request.actor, proposal=proposal, digest=digest)
                messages.success(request, ceremony.DONE[wanted])
            else:
                services.propose(actor=request.actor, evaluation=found, step=wanted)
                messages.success(request, "Proposed. It waits for the second person, for 72 hours at most.")
            return redirect("evaluation", found.pk)
    context = {
        "form": form,
        "step": wanted,
        "proposal": proposal,
        "is_second": is_second,
        "waits": proposal is not None and not is_second and proposal.digest == digest,
        "missing": [sentence(words) for words in list_missing(found, wanted)],
        "digest": digest,
        "body": make_body(found, wanted),
        "confirm": _ask(found, wanted, digest, approves=is_second),
        "confirm_error": form.confirm_error,
    }
    return _show(request, found, "step", context, wanted.label, status_of(form))


@ask_and_act
def evaluation_enter(request: Request, pk: UUID) -> HttpResponse:
    """Enter a model."""
    found = get_evaluation_for(request.actor, pk)
    require(request.actor, "evaluation.enter_model")
    entered = list_submissions(found).values("model_version")
    models = list_models_for(request.actor).filter(study=found.study, task=found.task).exclude(pk__in=entered)
    form = EnterForm(typed_in(request), models=models)
    if form.is_valid():
        with refusals_on(form):
            services.enter_model(actor=request.actor, evaluation=found, **form.cleaned_data)
            messages.success(request, "Entered. A worker now predicts the test inputs; nobody sees the predictions.")
            return redirect("evaluation", found.pk)
    context = {"form": form, "has_models": models.exists()}
    return _show(request, found, "enter", context, "Enter a model", status_of(form))


@require_POST
def evaluation_again(request: Request, pk: UUID, submission_pk: UUID) -> HttpResponse:
    """Have a model predict once more."""
    found = get_evaluation_for(request.actor, pk)
    submission = get_object_or_404(list_submissions(found), pk=submission_pk)
    services.predict_again(actor=request.actor, submission=submission)
    return redirect("evaluation", found.pk)


@require_POST
def evaluation_rehearse(request: Request, pk: UUID) -> HttpResponse:
    """Ask the scorer to check and rehearse."""
    found = get_evaluation_for(request.actor, pk)
    services.ask_for_rehearsal(actor=request.actor, evaluation=found)
    messages.success(request, "The scorer was asked to check and rehearse.")
    return redirect("evaluation", found.pk)


@require_GET
def who_can_know(request: Request) -> HttpResponse:
    """Say who can know what, and what no portal can prevent."""
    require(request.actor, "study.view")
    # An inspector asks who of the staff was told how the blinding works.
    record_read(request.actor, "who_can_know", "the page")
    context = {
        "table": who.make_table(),
        "limits": who.LIMITS,
        "crumbs": [Link("Who can know what")],
    }
    return render(request, "modelling/blinded/who_can_know.html", context)


def _ask(found: Evaluation, step: Step, digest: str, *, approves: bool) -> Confirmation:
    return Confirmation(
        title=f"{'Approve' if approves else 'Propose'}: {step.label.lower()}",
        consequences=ceremony.CONSEQUENCES[step],
        act=f"{'Approve' if approves else 'Propose'} by this digest",
        cancel_url=reverse("evaluation", args=[found.pk]),
        retype=digest[:RETYPED],
        cannot_be_undone=approves,
    )


def _show(
    request: Request, found: Evaluation, page: str, context: dict[str, Any], crumb: str = "", status: int = 200
) -> HttpResponse:
    request.study = found.study
    crumbs = [Link("Evaluations", reverse("evaluations")), Link(str(found), reverse("evaluation", args=[found.pk]))]
    shared = {"evaluation": found, "crumbs": [*crumbs, Link(crumb)] if crumb else [crumbs[0], Link(str(found))]}
    return render(request, f"modelling/blinded/{page}.html", shared | context, status=status)
