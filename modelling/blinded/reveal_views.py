"""The reveal's page, and what is handed out after it."""

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cohort.vault import demo
from cohort.vault.access import find_last_request, find_open_request, find_own_share, list_givers, list_share_holders
from cohort.vault.card import fingerprint_of
from cohort.vault.models import RequestKind, RequestState
from frontend.parts import Link
from modelling.blinded import services
from modelling.blinded.access import get_evaluation_for
from modelling.blinded.export import open_public, open_restricted
from modelling.blinded.forms import ShareForm
from modelling.blinded.models import Evaluation, State
from portal.audit.access import name_actors
from portal.core.errors import Refused
from portal.core.forms import refusals_on, status_of, typed_in
from portal.roles.fresh import grave
from portal.roles.http import Request
from portal.roles.policy import may, require


@require_http_methods(["GET", "POST"])
@grave
@never_cache
def evaluation_reveal(request: Request, pk: UUID) -> HttpResponse:
    """Take a custodian's share, as sealed in the browser; with the second the scorer opens the labels."""
    found = get_evaluation_for(request.actor, pk)
    require(request.actor, "evaluation.reveal")
    form = ShareForm(typed_in(request))
    if form.is_valid():
        with refusals_on(form):
            key = form.cleaned_data["one_time_key"]
            sealed = form.cleaned_data["ciphertext"]
            if not sealed and "use_demo_card" not in request.POST:
                raise Refused("your share did not come along: type your card, with scripts switched on")
            ciphertext = bytes.fromhex(sealed) if sealed else demo.seal_by_demo_card(request.actor, found.pk, key)
            services.give_share(actor=request.actor, evaluation=found, ciphertext=ciphertext, one_time_key=key)
            messages.success(request, "Your share was handed to the scorer.")
            return redirect("evaluation-reveal", found.pk)
    return _show(request, found, form)


@require_POST
@grave
def evaluation_reveal_begin(request: Request, pk: UUID) -> HttpResponse:
    """Ask the scorer for its one-time key."""
    found = get_evaluation_for(request.actor, pk)
    services.begin_reveal(actor=request.actor, evaluation=found)
    return redirect("evaluation-reveal", found.pk)


@require_GET
def evaluation_public(request: Request, pk: UUID) -> FileResponse:
    """Hand out the public file of a revealed evaluation."""
    name, stream = open_public(request.actor, get_evaluation_for(request.actor, pk))
    return FileResponse(stream, as_attachment=True, filename=name, content_type="application/zip")


@require_POST
@grave
@never_cache
def evaluation_restricted(request: Request, pk: UUID) -> FileResponse:
    """Hand out labels and predictions of a revealed evaluation, to custodians and the auditor."""
    name, stream = open_restricted(request.actor, get_evaluation_for(request.actor, pk))
    return FileResponse(stream, as_attachment=True, filename=name, content_type="application/zip")


def _show(request: Request, found: Evaluation, form: ShareForm) -> HttpResponse:
    pending = find_open_request(found.pk, RequestKind.REVEAL)
    last = pending or find_last_request(found.pk, RequestKind.REVEAL)
    givers = list_givers(pending) if pending else []
    share = find_own_share(request.actor, found.pk)
    names = name_actors(f"user:{pk}" for pk in list_share_holders(found.pk))
    is_ready = pending is not None and pending.state == RequestState.READY
    gave = request.actor.user_pk in givers
    key = pending.one_time_key if pending and is_ready else ""
    request.study = found.study
    context = {
        "evaluation": found,
        "form": form,
        "pending": pending,
        "refused": last.told if last and last.state == RequestState.FAILED and found.state == State.LOCKED else "",
        "told": pending.told if pending else "",
        "is_ready": is_ready,
        "one_time_key": key,
        "fingerprint": fingerprint_of(bytes.fromhex(key)) if key else "",
        "holders": [(name, UUID(label.removeprefix("user:")) in givers) for label, name in sorted(names.items())],
        "n_given": len(givers),
        "gave": gave,
        "share": bytes(share.ciphertext).hex() if share and is_ready and not gave else "",
        "holds_share": share is not None,
        "offers_demo_card": demo.has_demo_card(request.actor),
        "polls": found.state == State.LOCKED and pending is not None and (not is_ready or gave),
        "may_see_report": found.is_opened and may(request.actor, "evaluation.view"),
        "crumbs": [
            Link("Evaluations", reverse("evaluations")),
            Link(str(found), reverse("evaluation", args=[found.pk])),
            Link("Reveal"),
        ],
    }
    return render(request, "modelling/blinded/reveal.html", context, status=status_of(form))
