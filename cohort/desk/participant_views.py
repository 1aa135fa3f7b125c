"""The page of one participant: what all parts of the cohort know of them, on one screen."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cohort.consent.access import enrolled_on, get_current_consent, standing_of, with_standing
from cohort.consent.models import Level
from cohort.consent.parts import make_answers_table
from cohort.desk import parts
from cohort.desk.overview import make_overview
from cohort.enrolment.access import find_screening_of
from cohort.enrolment.parts import Sides, find_sides
from cohort.identity.access import reveal_identity
from cohort.imaging.models import Side
from cohort.imaging.sides import SideAgreement
from cohort.participants.access import get_participant_for, list_participants_for
from frontend.parts import Link
from portal.audit.access import list_history
from portal.audit.parts import make_history
from portal.roles.http import Request
from portal.roles.policy import may

LATEST_ACTS = 50


@require_GET
@never_cache
def participant(request: Request, code: str) -> HttpResponse:
    """Show one participant by code: the side, the images, what is missing, the way so far, consent."""
    return _show_participant(request, code)


@require_POST
@never_cache
def identity_show(request: Request, code: str) -> HttpResponse:
    """Show once who the participant is; that somebody looked is recorded before anything is shown."""
    return _show_participant(request, code, is_revealed=True)


def _show_participant(request: Request, code: str, is_revealed: bool = False) -> HttpResponse:
    today = timezone.localdate()
    found = get_participant_for(request.actor, code)
    identity = reveal_identity(request.actor, found) if is_revealed else None
    listed = with_standing(list_participants_for(request.actor), today).get(pk=found.pk)
    standing = standing_of(listed)
    consent = get_current_consent(found)
    request.study = found.study
    screening = find_screening_of(found)
    sides = find_sides(screening) if screening else None
    overview = make_overview(request.actor, found, request.GET.get("visit", ""), today)
    context = {
        "participant": found,
        "enrolled_on": enrolled_on(listed),
        "screening": screening,
        "sides": sides,
        "overview": overview,
        "avoided_side": _warn_of_side(overview.images.agreement, sides),
        "may_measure": may(request.actor, "measurement.view", found.site_id),
        "standing": parts.make_standing(standing),
        "is_reconsent_due": standing.is_reconsent_due,
        "is_revealed": is_revealed,
        "identity": identity,
        "consent": consent,
        "answers": make_answers_table(consent) if consent else None,
        "purposes": parts.make_purposes_table(found, today),
        "withdrawals": found.withdrawals.select_related("recorded_by").order_by("withdrawn_on", "level"),
        "steps": make_history(list_history(request.actor, found.code)[:LATEST_ACTS]),
        "may_reveal": may(request.actor, "identity.reveal", found.site_id),
        "may_give": standing.furthest is None and may(request.actor, "consent.give", found.site_id),
        "may_withdraw": standing.furthest != Level.NO_FURTHER_USE
        and may(request.actor, "consent.withdraw", found.site_id),
        "crumbs": [Link("Participants", reverse("participants")), Link(found.code)],
    }
    return render(request, "cohort/desk/participant.html", context)


def _warn_of_side(agreement: SideAgreement, sides: Sides | None) -> str:
    """Return what is wrong where the forearm that was imaged is the one to avoid; empty where nothing is."""
    if sides is None or not agreement.side or Side(agreement.side).label.lower() != sides.avoid:
        return ""
    return f"The {sides.avoid} forearm was imaged, and screening says to avoid it: look before the images are used."
