"""Pages of visits: the list of a participant's, one visit, beginning and missing it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cohort.consent.purposes import Purpose
from cohort.consent.rules import may_use
from cohort.crf import parts
from cohort.crf.access import due_visits_for, list_forms_of, list_half_entered
from cohort.crf.forms import BeginVisitForm, MissVisitForm, find_visit_note
from cohort.crf.services import begin_visit, miss_visit
from cohort.participants.access import get_participant_for, get_visit_for, list_visits_for
from cohort.participants.states import TABLE, VisitState
from cohort.study.schedule import BY_CODE
from frontend.parts import Link
from portal.core.forms import refusals_on, sentence, status_of, typed_in
from portal.roles.http import Request
from portal.roles.policy import may, require
from portal.workflow import list_verbs, require_verb

ask_and_act = require_http_methods(["GET", "POST"])


@require_GET
def visits(request: Request, code: str) -> HttpResponse:
    """Show every visit of a participant with its days."""
    found = get_participant_for(request.actor, code)
    require(request.actor, "visit.view", found.site_id)
    planned = list(list_visits_for(request.actor).filter(participant=found))
    request.study = found.study
    context = {
        "participant": found,
        "table": parts.make_visits_table(found, planned, timezone.localdate()),
        "crumbs": [
            Link("Participants", reverse("participants")),
            Link(code, reverse("participant", args=[code])),
            Link("Visits"),
        ],
    }
    return render(request, "cohort/crf/visits.html", context)


@require_GET
def visits_due(request: Request) -> HttpResponse:
    """Show the visits that wait: overdue, due, and those with forms half entered."""
    require(request.actor, "visit.begin")
    context = {
        "due": parts.make_worklist("Visits that are due", due_visits_for(request.actor), timezone.localdate()),
        "half": parts.make_worklist(
            "Visits with forms half entered", list_half_entered(request.actor), timezone.localdate(), is_half=True
        ),
        "crumbs": [Link("Participants", reverse("participants")), Link("Visits that wait")],
    }
    return render(request, "cohort/crf/visits_due.html", context)


@require_GET
@never_cache
def visit(request: Request, code: str, visit_code: str) -> HttpResponse:
    """Show one visit: its forms with their state, and what is missing as links."""
    found = get_visit_for(request.actor, code, visit_code)
    forms = list_forms_of(request.actor, found)
    verbs = list_verbs(found, TABLE)
    site_pk = found.participant.site_id
    decision = may_use(found.participant, Purpose.ENTER, timezone.localdate())
    standing = found.standing_on(timezone.localdate())
    request.study = found.participant.study
    context = {
        "visit": found,
        "participant": found.participant,
        "title": BY_CODE[found.code].title,
        "standing": standing,
        "standing_words": parts.STANDINGS[standing],
        "note": find_visit_note(found),
        "has_begun": found.state == VisitState.DONE,
        "refusal": "" if decision.allowed else sentence(f"nothing may be entered: {decision.reason}"),
        "forms": parts.make_forms_table(found, forms, is_required=True),
        "further": parts.make_forms_table(found, forms, is_required=False),
        "n_complete": sum(one.is_complete for one in forms if one.is_required),
        "n_required": sum(one.is_required for one in forms),
        "may_begin": "begin" in verbs and may(request.actor, "visit.begin", site_pk) and decision.allowed,
        "may_ask": found.state == VisitState.DONE and may(request.actor, "query.raise", site_pk),
        "may_miss": "miss" in verbs
        and may(request.actor, "visit.miss", site_pk)
        and found.due_on <= timezone.localdate(),
        "crumbs": parts.make_crumbs(found),
    }
    return render(request, "cohort/crf/visit.html", context)


@ask_and_act
def visit_begin(request: Request, code: str, visit_code: str) -> HttpResponse:
    """Begin a visit on its day."""
    found = get_visit_for(request.actor, code, visit_code)
    require(request.actor, "visit.begin", found.participant.site_id)
    require_verb(found, "begin", TABLE)
    form = BeginVisitForm(typed_in(request))
    if form.is_valid():
        with refusals_on(form):
            begin_visit(actor=request.actor, visit=found, **form.facts)
            return redirect("visit", code, found.code)
    request.study = found.participant.study
    context = {
        "form": form,
        "visit": found,
        "title": BY_CODE[found.code].title,
        "crumbs": parts.make_crumbs(found, Link("Begin")),
    }
    return render(request, "cohort/crf/visit_begin.html", context, status=status_of(form))


@ask_and_act
def visit_miss(request: Request, code: str, visit_code: str) -> HttpResponse:
    """Record that a visit was missed."""
    found = get_visit_for(request.actor, code, visit_code)
    require(request.actor, "visit.miss", found.participant.site_id)
    require_verb(found, "miss", TABLE)
    form = MissVisitForm(typed_in(request))
    if form.is_valid():
        with refusals_on(form):
            miss_visit(actor=request.actor, visit=found, why=form.cleaned_data["why"])
            messages.success(request, f"{BY_CODE[found.code].title} of {code} is recorded as missed.")
            return redirect("visits", code)
    request.study = found.participant.study
    context = {
        "form": form,
        "visit": found,
        "title": BY_CODE[found.code].title,
        "crumbs": parts.make_crumbs(found, Link("Missed")),
    }
    return render(request, "cohort/crf/visit_miss.html", context, status=status_of(form))
