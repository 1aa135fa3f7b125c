"""Pages of runs: the list, the launch, one run while it trains, runs side by side."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cohort.datasets.access import newest_training_snapshot
from cohort.study.access import list_studies_for
from cohort.study.models import Basis, Study
from frontend.parts import Link
from modelling.engine.recipes import PROFILES, RECIPES
from modelling.runs import charts, shown
from modelling.runs.access import get_curves, get_run_for, list_runs_for
from modelling.runs.forms import RunForm
from modelling.runs.services import cancel_run, start_run
from modelling.zoo.locks import say_lock
from portal.core.errors import Refused
from portal.core.forms import refusals_on, status_of, typed_in
from portal.jobs.services import try_job_again
from portal.roles.http import Request
from portal.roles.policy import may, require

PAGE_SIZE = 25


@require_GET
def runs(request: Request) -> HttpResponse:
    """List the runs, the newest first."""
    page = Paginator(list_runs_for(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"rows": shown.rows_of(page), "page": page, "may_start": may(request.actor, "run.start")}
    return render(request, "modelling/runs/runs.html", context)


@require_http_methods(["GET", "POST"])
def run_new(request: Request) -> HttpResponse:
    """Launch a run: everything is filled in already, so one click is enough."""
    require(request.actor, "run.start")
    study = _study_in_hand(request)
    tasks = shown.tasks_of(study)
    newest = {task: newest_training_snapshot(study, task) for task in tasks}
    typed = typed_in(request)
    initial = {
        "task": tasks[0],
        "recipe": "clinical" if study.basis == Basis.PUBLIC_USE else "fusion",
        "profile": "small",
    }
    form = RunForm(typed, study=study, tasks=tasks, initial=initial)
    if form.is_valid():
        with refusals_on(form):
            asked = form.cleaned_data
            snapshot = None if asked["fresh"] else newest_training_snapshot(study, asked["task"])
            run = start_run(
                actor=request.actor,
                study=study,
                task=asked["task"],
                recipe=asked["recipe"],
                profile=asked["profile"],
                snapshot=snapshot,
            )
            return redirect("run", run.pk)
    context = {
        "form": form,
        "chosen_study": study,
        "other_studies": [one for one in list_studies_for(request.actor) if one.pk != study.pk],
        "snapshots": newest.items(),
        "recipes": RECIPES.values(),
        "profiles": PROFILES.values(),
        "left_out": [shown.left_out_table(task) for task in tasks],
        "locks": [say_lock(task, one.n_events if one else None) for task, one in newest.items()],
        "crumbs": [Link("Runs", reverse("runs")), Link("Train a model")],
    }
    return render(request, "modelling/runs/run_new.html", context, status=status_of(form))


@require_GET
@never_cache
def run(request: Request, pk: UUID) -> HttpResponse:
    """Show one run: progress and curves while it trains, and what came of it."""
    found = get_run_for(request.actor, pk)
    over = shown.is_over(found)
    parked = found.job is not None and found.job.state == "parked"
    context = {
        "run": found,
        "origin": found.origin,
        "progress": shown.progress_of(found, request.actor),
        "facts": shown.facts_of(found),
        "chart": charts.make_curves_chart(
            get_curves(found), live_url="" if over else reverse("run-curves", args=[found.pk])
        ),
        "auc": shown.auc_words(found.model) if found.model else "",
        "may_try_again": parked and may(request.actor, "job.try_again"),
        "crumbs": [Link("Runs", reverse("runs")), Link(f"Run {found.number}")],
    }
    return render(request, "modelling/runs/run.html", context)


@require_GET
@never_cache
def run_progress(request: Request, pk: UUID) -> HttpResponse:
    """Answer the progress alone, for the page that asks again and again."""
    found = get_run_for(request.actor, pk)
    response = render(request, "_progress.html", {"progress": shown.progress_of(found, request.actor)})
    if shown.is_over(found):
        response["HX-Refresh"] = "true"
    return response


@require_GET
@never_cache
def run_curves(request: Request, pk: UUID) -> JsonResponse:
    """Answer the figure of the curves so far, for the chart that follows a run."""
    found = get_run_for(request.actor, pk)
    figure = charts.make_curves_figure(get_curves(found))
    return JsonResponse({"figure": figure, "finished": shown.is_over(found), "origin": found.origin})


@require_POST
def run_cancel(request: Request, pk: UUID) -> HttpResponse:
    """Stop a run."""
    cancel_run(actor=request.actor, run=get_run_for(request.actor, pk))
    messages.info(request, "The run is being stopped.")
    return redirect("run", pk)


@require_POST
def run_again(request: Request, pk: UUID) -> HttpResponse:
    """Put a parked run back into the queue; it goes on from its last checkpoint."""
    found = get_run_for(request.actor, pk)
    if found.job is None:
        raise Refused("this run has no job that could be tried again; start a new run")
    try_job_again(actor=request.actor, job=found.job)
    messages.success(request, "The run waits for a worker again; it goes on from its last checkpoint.")
    return redirect("run", pk)


@require_GET
def runs_compare(request: Request) -> HttpResponse:
    """Set finished runs side by side."""
    wanted = []
    for text in request.GET.getlist("run"):
        try:
            wanted.append(UUID(text))
        except ValueError:
            raise Refused(f"'{text[:40]}' is no key of a run; choose runs from the list") from None
    chosen = [one for one in list_runs_for(request.actor).filter(pk__in=wanted) if one.model is not None]
    if len({one.origin for one in chosen}) > 1:
        raise Refused("runs of simulated and human origin are never set side by side; choose runs of one origin")
    context = {
        "chosen": chosen,
        "table": shown.comparison_table(chosen),
        "warnings": shown.comparison_warnings(chosen),
        "origin": chosen[0].origin if chosen else "",
        "chart": charts.make_comparison_chart(
            [str(one.model) for one in chosen],
            [shown.pooled_auc(one.model) if one.model else {} for one in chosen],
        ),
        "crumbs": [Link("Runs", reverse("runs")), Link("Compare")],
    }
    return render(request, "modelling/runs/runs_compare.html", context)


def _study_in_hand(request: Request) -> Study:
    """Return the study the launch is for: the one asked for, else the first the actor has."""
    studies = list_studies_for(request.actor)
    asked = request.GET.get("study") or request.POST.get("study")
    found = studies.filter(code=asked).first() if asked else studies.exclude(opened_at=None).order_by("code").first()
    if found is None:
        raise Refused("there is no study to train on yet: set one up and open its enrolment first")
    return found
