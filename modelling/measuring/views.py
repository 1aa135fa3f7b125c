"""The page of the mechanical tests of one series: what one will need, the form that asks for it, what runs."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cohort.imaging.access import get_series_for
from cohort.measurements.strength import list_strength_tests_for
from cohort.measurements.strength_parts import make_strengths
from frontend.parts import Link
from modelling.measuring import strength_shown as shown
from modelling.measuring.forms import StrengthForm
from modelling.measuring.strength import ask_strength, foretell_test, propose_recipe
from portal.core.forms import refusals_on, status_of, typed_in
from portal.roles.http import Request
from portal.roles.policy import may


@require_http_methods(["GET", "POST"])
@never_cache
def strength(request: Request, pk: UUID) -> HttpResponse:
    """Show the tests of a series and ask for another."""
    series = get_series_for(request.actor, pk)
    participant = series.participant
    request.study = participant.study
    tests = list(list_strength_tests_for(request.actor, participant).filter(series=series))
    reason = shown.why_not(series)
    form = StrengthForm(typed_in(request), initial={} if reason else propose_recipe(series).describe())
    if form.is_valid():
        with refusals_on(form):
            ask_strength(actor=request.actor, series=series, recipe=form.make_recipe())
            messages.success(request, "The test was asked for; this page tells how far it is.")
            return redirect("strength", pk)
    page = reverse("participant", args=[participant.code])
    images = reverse("measurements-for", args=[participant.code])
    context = {
        "series": series,
        "participant": participant,
        "origin": series.origin,
        "title": shown.title_of(series),
        "form": form,
        "reason": reason,
        "may_ask": may(request.actor, "strength.ask", participant.site_id),
        "needs": shown.make_needs(None if reason else foretell_test(series)),
        "running": shown.list_running(tests, request.actor),
        "tests": make_strengths(one for one in tests if one.tested_at is not None),
        "crumbs": [
            Link("Participants", reverse("participants")),
            Link(participant.code, page),
            Link("Measurements", images),
            Link("Strength"),
        ],
    }
    return render(request, "modelling/measuring/strength.html", context, status=status_of(form))
