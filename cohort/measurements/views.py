"""The page of a participant's measurements; asked for as a piece, only the table."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cohort.measurements.access import list_measurements_for, may_see_outcomes
from cohort.measurements.parts import make_measurements_table
from cohort.participants.access import get_participant_for
from frontend.parts import Link
from portal.audit.record import record_read
from portal.roles.http import Request


@require_GET
@never_cache
def measurements(request: Request, code: str) -> HttpResponse:
    """Show what was measured in a participant's images."""
    participant = get_participant_for(request.actor, code)
    found = list_measurements_for(request.actor, participant)
    sees_outcomes = may_see_outcomes(request.actor, participant)
    if sees_outcomes:
        record_read(request.actor, "measurements", participant.code)
    is_piece = bool(getattr(request, "htmx", False))
    context = {
        "participant": participant,
        "origin": participant.origin,
        "table": make_measurements_table(found),
        "sees_outcomes": sees_outcomes,
        "crumbs": [
            Link("Participants", reverse("participants")),
            Link(participant.code, reverse("participant", args=[participant.code])),
            Link("Measurements"),
        ],
    }
    name = "_measurements.html" if is_piece else "measurements.html"
    return render(request, f"cohort/measurements/{name}", context)
