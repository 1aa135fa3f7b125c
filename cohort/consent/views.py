"""Pages of consent: sign again, withdraw."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from cohort.consent import parts
from cohort.consent.access import get_current_consent
from cohort.consent.forms import SigningForm, WithdrawForm
from cohort.consent.models import Level
from cohort.consent.services import give_consent, withdraw_consent
from cohort.participants.access import get_participant_for
from cohort.participants.models import Participant
from frontend.parts import Confirmation, Link
from portal.core.errors import WrongState
from portal.core.forms import refusals_on, status_of, typed_in
from portal.roles.fresh import grave
from portal.roles.http import Request
from portal.roles.policy import require

ask_and_act = require_http_methods(["GET", "POST"])


@ask_and_act
def consent_new(request: Request, code: str) -> HttpResponse:
    """Record a new signing of somebody who takes part already."""
    participant = get_participant_for(request.actor, code)
    require(request.actor, "consent.give", participant.site_id)
    _refuse_after_withdrawal(participant)
    before = get_current_consent(participant)
    form = SigningForm(typed_in(request), study=participant.study, before=before)
    if form.is_valid():
        with refusals_on(form):
            give_consent(actor=request.actor, participant=participant, **form.facts)
            messages.success(request, f"The new consent of {participant.code} is recorded.")
            return redirect("participant", participant.code)
    request.study = participant.study
    context = {"form": form, "participant": participant, "before": before, "crumbs": _crumbs(participant, "Consent")}
    return render(request, "cohort/consent/consent_new.html", context, status=status_of(form))


@ask_and_act
@grave
def withdraw(request: Request, code: str) -> HttpResponse:
    """Record a withdrawal, once its levels were read and the code was typed again."""
    participant = get_participant_for(request.actor, code)
    require(request.actor, "consent.withdraw", participant.site_id)
    beyond = max((one.level for one in participant.withdrawals.all()), default=0)
    if beyond == Level.NO_FURTHER_USE:
        raise WrongState(f"{participant.code} has withdrawn from every further use: nothing goes further")
    form = WithdrawForm(typed_in(request), wanted=participant.code, beyond=beyond)
    if form.is_valid():
        with refusals_on(form):
            facts = {name: form.cleaned_data[name] for name in ("level", "withdrawn_on", "why")}
            withdraw_consent(actor=request.actor, participant=participant, **facts)
            messages.success(request, f"The withdrawal of {participant.code} is recorded.")
            return redirect("participant", participant.code)
    return _show_withdrawal(request, participant, form, beyond)


def _show_withdrawal(request: Request, participant: Participant, form: WithdrawForm, beyond: int) -> HttpResponse:
    request.study = participant.study
    confirm = Confirmation(
        title=f"Withdraw {participant.code}",
        consequences=[
            "What the chosen level ends, ends from that day on; every page and list asks the consent each time.",
            "A later withdrawal may go further. None goes back; taking part again needs a new enrolment.",
            "What was done before the withdrawal stays in the record.",
        ],
        act="Record the withdrawal",
        cancel_url=reverse("participant", args=[participant.code]),
        retype=participant.code,
    )
    context = {
        "form": form,
        "participant": participant,
        "levels": parts.make_levels_table(beyond),
        "confirm": confirm,
        "confirm_error": form.confirm_error,
        "extra": render_to_string("cohort/consent/_withdraw_fields.html", {"form": form}),
        "crumbs": _crumbs(participant, "Withdraw"),
    }
    return render(request, "cohort/consent/withdraw.html", context, status=status_of(form))


def _refuse_after_withdrawal(participant: Participant) -> None:
    if participant.withdrawals.exists():
        raise WrongState(f"{participant.code} has withdrawn; taking part again needs the PI and a new enrolment")


def _crumbs(participant: Participant, last: str) -> list[Link]:
    page = reverse("participant", args=[participant.code])
    return [Link("Participants", reverse("participants")), Link(participant.code, page), Link(last)]
