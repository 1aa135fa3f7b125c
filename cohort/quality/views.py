"""Pages of queries: the list, one with what was said, raising one."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cohort.participants.access import get_visit_for
from cohort.quality import parts, services
from cohort.quality.access import get_query_for, list_queries_for
from cohort.quality.forms import RaiseForm, TextForm
from cohort.quality.models import Query, QueryState
from cohort.quality.states import TABLE, WAITS_FOR_ANSWER
from cohort.study.schedule import BY_CODE
from frontend.parts import Link
from portal.core.forms import refusals_on, status_of, typed_in
from portal.roles.http import Request
from portal.roles.policy import may, require
from portal.workflow import require_verb

PAGE_SIZE = 50
STATES = {"": tuple(QueryState.values), "open": WAITS_FOR_ANSWER, "answered": ("answered",), "closed": ("closed",)}
FILTERS = (("", "All"), ("open", "Wait for an answer"), ("answered", "Answered"), ("closed", "Closed"))
VERBS = {
    "answer": ("Answer", "Answer the query", services.answer_query),
    "close": ("A last word, if any", "Close the query", services.close_query),
    "reopen": ("What is still open", "Ask again", services.reopen_query),
}


@require_GET
@never_cache
def queries(request: Request) -> HttpResponse:
    """List the queries of the actor's sites."""
    chosen = request.GET.get("state", "")
    found = list_queries_for(request.actor).filter(state__in=STATES.get(chosen, STATES[""]))
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "table": parts.make_queries_table(page),
        "page": page,
        "filters": [Link(label, f"?state={state}", current=state == chosen) for state, label in FILTERS],
        "crumbs": [Link("Queries")],
    }
    return render(request, "cohort/quality/queries.html", context)


@require_GET
@never_cache
def query(request: Request, pk: UUID) -> HttpResponse:
    """Show one query: what it is about, what was said, what can be done."""
    found = get_query_for(request.actor, pk)
    context = {
        **_frame(found),
        "question": parts.name_question(found),
        "visit_title": BY_CODE[found.visit.code].title,
        "steps": parts.make_steps(found.messages.select_related("said_by")),
        "verbs": [(verb, VERBS[verb][1]) for verb in _list_verbs(request, found)],
        "form_url": reverse("record", args=[found.participant.code, found.visit.code, found.form, found.number]),
    }
    return render(request, "cohort/quality/query.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def query_act(request: Request, pk: UUID, verb: str) -> HttpResponse:
    """Answer, close or reopen a query."""
    found = get_query_for(request.actor, pk)
    label, title, act = VERBS[verb]
    if request.method == "GET":
        require(request.actor, TABLE[found.state, verb].action if (found.state, verb) in TABLE else "query.view")
        require_verb(found, verb, TABLE)
    form = TextForm(typed_in(request), label=label, is_needed=verb != "close")
    if form.is_valid():
        with refusals_on(form):
            act(actor=request.actor, query=found, text=form.cleaned_data["text"])
            messages.success(request, f"The query is {found.get_state_display().lower()}.")
            return redirect("query", found.pk)
    context = {**_frame(found), "form": form, "title": title, "question": parts.name_question(found)}
    return render(request, "cohort/quality/query_act.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@never_cache
def query_new(request: Request, code: str, visit_code: str) -> HttpResponse:
    """Raise a query about a form of a visit."""
    visit = get_visit_for(request.actor, code, visit_code)
    require(request.actor, "query.raise", visit.participant.site_id)
    form = RaiseForm(
        typed_in(request), actor=request.actor, visit=visit, initial={"about": f"{request.GET.get('form', '')}."}
    )
    if form.is_valid():
        with refusals_on(form):
            raised = services.raise_query(actor=request.actor, visit=visit, **form.asked)
            messages.success(request, "The query is raised; the nurse of the site sees it.")
            return redirect("query", raised.pk)
    context = {
        "form": form,
        "visit": visit,
        "visit_title": BY_CODE[visit.code].title,
        "origin": visit.origin,
        "crumbs": [
            Link("Participants", reverse("participants")),
            Link(code, reverse("participant", args=[code])),
            Link(BY_CODE[visit.code].title, reverse("visit", args=[code, visit_code])),
            Link("Raise a query"),
        ],
    }
    return render(request, "cohort/quality/query_new.html", context, status=status_of(form))


def _frame(found: Query) -> dict[str, object]:
    return {
        "query": found,
        "participant": found.participant,
        "origin": found.origin,
        "crumbs": [Link("Queries", reverse("queries")), Link(f"Query {str(found.pk)[:8]}")],
    }


def _list_verbs(request: Request, found: Query) -> list[str]:
    site_pk = found.participant.site_id
    allowed = [
        verb for (state, verb), row in TABLE.items() if state == found.state and may(request.actor, row.action, site_pk)
    ]
    is_own = found.raised_by_id == request.actor.user_pk
    return [verb for verb in allowed if verb == "answer" or is_own]
