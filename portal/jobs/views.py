"""Pages of jobs: the list, one job with its progress, and the three things a person can do."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from frontend.parts import Link
from portal.jobs import shown
from portal.jobs.access import get_job_for, list_jobs_for
from portal.jobs.forms import DemonstrationForm
from portal.jobs.services import cancel_job, start_demonstration, try_job_again
from portal.roles.http import Request
from portal.roles.policy import may

PAGE_SIZE = 25


@require_GET
@login_required
def show_jobs(request: Request) -> HttpResponse:
    """List the jobs the actor may see, the newest first."""
    return _render_list(request, DemonstrationForm())


@require_POST
@login_required
def start(request: Request) -> HttpResponse:
    """Start a demonstration."""
    form = DemonstrationForm(request.POST)
    if not form.is_valid():
        return _render_list(request, form, status=422)
    job = start_demonstration(actor=request.actor, queue=form.cleaned_data["queue"], **form.as_spec())
    return redirect("job", job.pk)


@require_GET
@never_cache
@login_required
def show_job(request: Request, job_pk: UUID) -> HttpResponse:
    """Show one job."""
    job = get_job_for(request.actor, job_pk)
    context = {
        "job": job,
        "short": str(job.pk)[:8],
        "origin": job.origin or "",
        "title": shown.title_of(job),
        "progress": shown.progress_of(job, request.actor),
        "facts": shown.facts_of(job),
        "asked_sha256": shown.in_pieces(job.spec_sha256),
        "result_sha256": shown.in_pieces(job.result_sha256),
        "may_try_again": shown.may_do(job, "try_again", request.actor),
        "may_give_up": job.state == "parked" and shown.may_do(job, "cancel", request.actor),
        "crumbs": [Link("Jobs", reverse("jobs")), Link(f"{shown.title_of(job)} {str(job.pk)[:8]}")],
    }
    return render(request, "portal/jobs/job.html", context)


@require_GET
@never_cache
@login_required
def show_progress(request: Request, job_pk: UUID) -> HttpResponse:
    """Answer the progress alone, for the page that asks again and again."""
    job = get_job_for(request.actor, job_pk)
    response = render(request, "_progress.html", {"progress": shown.progress_of(job, request.actor)})
    if shown.rests(job):
        # The page around it has more to tell now: the result, or what can be done.
        response["HX-Refresh"] = "true"
    return response


@require_POST
@login_required
def cancel(request: Request, job_pk: UUID) -> HttpResponse:
    """Cancel a job."""
    cancel_job(actor=request.actor, job=get_job_for(request.actor, job_pk))
    messages.info(request, "The job is being stopped.")
    return redirect("job", job_pk)


@require_POST
@login_required
def try_again(request: Request, job_pk: UUID) -> HttpResponse:
    """Put a parked job back into its queue."""
    try_job_again(actor=request.actor, job=get_job_for(request.actor, job_pk))
    messages.success(request, "The job waits for a worker again; it goes on from its last checkpoint.")
    return redirect("job", job_pk)


def _render_list(request: Request, form: DemonstrationForm, status: int = 200) -> HttpResponse:
    page = Paginator(list_jobs_for(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "table": shown.table_of(page),
        "page": page,
        "form": form,
        "may_start": may(request.actor, "job.start_demonstration"),
    }
    return render(request, "portal/jobs/jobs.html", context, status=status)
