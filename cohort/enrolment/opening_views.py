"""Pages of the opening of enrolment and of its closing, and the custodians' shares of the draw."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from cohort.enrolment.access import list_share_givers
from cohort.enrolment.opening import SHARES_WANTED
from cohort.enrolment.services import close_enrolment, give_draw_share, list_missing_for_opening, open_enrolment
from cohort.study.access import get_study_for
from cohort.study.models import Study, StudyState
from cohort.study.protocol import compute_protocol_sha256
from cohort.study.states import TABLE
from frontend.parts import Confirmation, Link
from portal.core.forms import RetypeForm, refusals_on, sentence, status_of, typed_in
from portal.roles.fresh import grave, require_fresh
from portal.roles.http import Request
from portal.roles.policy import may, require
from portal.workflow import require_verb

ask_and_act = require_http_methods(["GET", "POST"])
RETYPED = 8
"""How many characters of the digest are retyped: by them a person binds to this protocol and no other (DECISIONS 6)."""


@ask_and_act
@grave
def study_open(request: Request, code: str) -> HttpResponse:
    """Open enrolment: the protocol is fixed from then on, and the draw with it."""
    study = get_study_for(request.actor, code)
    require(request.actor, "study.open_enrolment")
    require_verb(study, "open_enrolment", TABLE)
    digest = compute_protocol_sha256(study)
    form = RetypeForm(typed_in(request), wanted=digest[:RETYPED])
    if form.is_valid():
        with refusals_on(form):
            open_enrolment(actor=request.actor, study=study)
            messages.success(request, "Enrolment is open. The protocol is fixed from now on.")
            return redirect("study", study.code)
    missing = [sentence(words) for words in list_missing_for_opening(study)]
    context = {"digest": digest, "form": form, "confirm": _ask_to_open(study, digest), "missing": missing}
    return _show(request, study, "study_open", context, "Open enrolment")


@ask_and_act
@grave
def study_close(request: Request, code: str) -> HttpResponse:
    """Close enrolment, for good."""
    study = get_study_for(request.actor, code)
    require(request.actor, "study.close_enrolment")
    require_verb(study, "close_enrolment", TABLE)
    form = RetypeForm(typed_in(request), wanted=study.code)
    if form.is_valid():
        with refusals_on(form):
            close_enrolment(actor=request.actor, study=study)
            messages.success(request, "Enrolment is closed. Those who are enrolled go on.")
            return redirect("study", study.code)
    return _show(request, study, "study_close", {"form": form, "confirm": _ask_to_close(study)}, "Close enrolment")


@ask_and_act
def study_draw(request: Request, code: str) -> HttpResponse:
    """Say what a share of the draw is and who gave one; a custodian gives theirs here."""
    study = get_study_for(request.actor, code)
    digest = study.protocol_sha256 or compute_protocol_sha256(study)
    givers = list_share_givers(study, digest)
    gave = request.actor.user_pk in {pk for pk, _ in givers}
    is_asked = study.state == StudyState.SETTING_UP and may(request.actor, "draw.give_nonce") and not gave
    if request.method == "POST":
        require(request.actor, "draw.give_nonce")
    if is_asked or request.method == "POST":
        require_fresh(request)
    form = RetypeForm(typed_in(request), wanted=digest[:RETYPED])
    if form.is_valid():
        with refusals_on(form):
            give_draw_share(actor=request.actor, study=study)
            messages.success(request, "Your share of the draw is kept, and its commitment stands in the ledger.")
            return redirect("study-draw", study.code)
    context = {
        "digest": digest,
        "names": [name for _, name in givers],
        "n_wanted": SHARES_WANTED,
        "gave": gave,
        "is_asked": is_asked,
        "form": form,
        "confirm": _ask_for_share(study, digest),
    }
    return _show(request, study, "study_draw", context, "The draw")


def _ask_to_open(study: Study, digest: str) -> Confirmation:
    return Confirmation(
        title="Open enrolment",
        consequences=[
            "Nurses can screen and enrol from this moment on.",
            "The age rule and the draw are fixed for good; changing them needs an amendment.",
            "The seed of the draw is made from the two shares. Nobody sees it, or who is drawn, before the reveal.",
        ],
        act="Open enrolment",
        cancel_url=reverse("study", args=[study.code]),
        retype=digest[:RETYPED],
    )


def _ask_to_close(study: Study) -> Confirmation:
    return Confirmation(
        title="Close enrolment",
        consequences=[
            "Nobody is screened or enrolled any more, those screened before included. It cannot be opened again.",
            "Those who are enrolled go on: their visits, forms and images stay open.",
        ],
        act="Close enrolment",
        cancel_url=reverse("study", args=[study.code]),
        retype=study.code,
    )


def _ask_for_share(study: Study, digest: str) -> Confirmation:
    return Confirmation(
        title="Give your share",
        consequences=[
            f"You agree to the protocol of '{study}' as it stands, by its digest.",
            "A secret number is made for you and kept where no page reads it; its commitment goes into the ledger.",
            "If the rules change before enrolment opens, your share is void and you are asked again.",
        ],
        act="Agree and give my share",
        cancel_url=reverse("study", args=[study.code]),
        retype=digest[:RETYPED],
    )


def _show(request: Request, study: Study, page: str, context: dict[str, object], crumb: str) -> HttpResponse:
    form: RetypeForm = context["form"]  # type: ignore[assignment]
    request.study = study
    crumbs = [Link("Studies", reverse("studies")), Link(study.title, reverse("study", args=[study.code])), Link(crumb)]
    more = {"study": study, "crumbs": crumbs, "confirm_error": form.confirm_error}
    return render(request, f"cohort/enrolment/{page}.html", context | more, status=status_of(form))
