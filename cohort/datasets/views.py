"""Pages of snapshots: the list, one with its counts and hashes, a new one, and what is admissible for which task."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cohort.datasets import parts, services
from cohort.datasets.access import get_snapshot_for, list_snapshots_for
from cohort.datasets.columns import choose_columns
from cohort.datasets.forms import USUAL, SnapshotForm, tasks_of
from cohort.datasets.sources import list_fields
from cohort.datasets.telling import WHY_ROUNDED, tell_count, tell_manifest
from cohort.datasets.usability import is_usable
from cohort.study.access import get_study_for, list_studies_for
from cohort.study.models import StudyState
from frontend.parts import Link
from modelling.engine.training.admissible import TASKS
from portal.core.forms import refusals_on, status_of, typed_in
from portal.roles.http import Request
from portal.roles.policy import may, require

LIST = "Snapshots"


@require_GET
@never_cache
def snapshots(request: Request) -> HttpResponse:
    """Show the training snapshots of the actor's studies."""
    may_build = may(request.actor, "snapshot.build")
    open_studies = list_studies_for(request.actor).exclude(state=StudyState.SETTING_UP) if may_build else []
    context = {
        "table": parts.make_snapshots_table(list_snapshots_for(request.actor)),
        "open_studies": open_studies,
        "crumbs": [Link(LIST)],
    }
    return render(request, "cohort/datasets/snapshots.html", context)


@require_http_methods(["GET", "POST"])
def snapshot_new(request: Request, code: str) -> HttpResponse:
    """Ask for a snapshot; what goes in and what is left out stands below the form before anything is made."""
    study = get_study_for(request.actor, code)
    require(request.actor, "snapshot.build")
    request.study = study
    tasks = tasks_of(study)
    task = request.POST.get("task") or request.GET.get("task") or tasks[0]
    if task not in tasks:
        raise Http404("No such task")
    form = SnapshotForm(typed_in(request), study=study, task=task)
    if form.is_valid():
        with refusals_on(form):
            asked = {"columns": form.cleaned_data["columns"], "modalities": form.cleaned_data.get("modalities", [])}
            snapshot = services.build_snapshot(
                actor=request.actor, study=study, task=form.cleaned_data["task"], **asked
            )
            messages.success(request, "The snapshot is being made.")
            return redirect("snapshot", snapshot.pk)
    columns, left_out = choose_columns(task, list_fields(study), None, USUAL)
    context = {
        "form": form,
        "study": study,
        "task": task,
        "tasks": [(one, TASKS[one]) for one in tasks],
        "columns": parts.make_columns_table(columns),
        "left_out": parts.make_left_out_table(left_out),
        "n_columns": len(columns),
        "n_left_out": len(left_out),
        "crumbs": [Link(LIST, reverse("snapshots")), Link("Make a snapshot")],
    }
    return render(request, "cohort/datasets/snapshot_new.html", context, status=status_of(form))


@require_GET
@never_cache
def snapshot(request: Request, pk: UUID) -> HttpResponse:
    """Show one snapshot: who is in it by counts, what went in, what was left out and why, and its hashes."""
    found = get_snapshot_for(request.actor, pk)
    request.study = found.study
    manifest = found.manifest
    context = {
        "snapshot": found,
        "short": parts.short(found),
        "state": parts.state_of(found),
        "progress": parts.make_progress(found, request.actor),
        "task_words": TASKS[found.task],
        "against": is_usable(found).reason_against if found.is_built else "",
        "crumbs": [Link(LIST, reverse("snapshots")), Link(parts.short(found))],
    }
    if manifest is not None:
        context |= {
            "chart": parts.make_flow_chart(found),
            "reasons": parts.make_reasons_table(found),
            "columns": parts.make_columns_table(parts.read_columns(manifest)),
            "left_out": parts.make_left_out_table(parts.read_left_out(manifest)),
            "files": parts.make_files_table(manifest),
            "n_columns": len(manifest["columns"]),
            "n_left_out": len(manifest["left_out"]),
            "n_people": tell_count(found.n or 0),
            "n_events": tell_count(found.n_events or 0),
            "why_rounded": WHY_ROUNDED,
        }
    return render(request, "cohort/datasets/snapshot.html", context)


@require_GET
def snapshot_manifest(request: Request, pk: UUID) -> HttpResponse:
    """Hand out what may be told of the manifest; it names no participant and holds no label."""
    found = get_snapshot_for(request.actor, pk)
    if found.manifest is None:
        raise Http404("Not built")
    response = JsonResponse(tell_manifest(found.manifest), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="manifest-{parts.short(found)}.json"'
    return response


@require_GET
def admissible(request: Request, task: str) -> HttpResponse:
    """Show for a task what every variable is: input, label or forbidden, and why."""
    require(request.actor, "snapshot.view")
    if task not in TASKS:
        raise Http404("No such task")
    context = {
        "task": task,
        "words": TASKS[task],
        "tasks": TASKS.items(),
        "table": parts.make_admissible_table(task),
        "crumbs": [Link(LIST, reverse("snapshots")), Link(f"Admissible for {task}")],
    }
    return render(request, "cohort/datasets/admissible.html", context)
