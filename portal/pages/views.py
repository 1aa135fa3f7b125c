"""Home, health, the choice of colours and study, and the sign that somebody is still there."""

from collections.abc import Callable, Iterable
from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cohort.study.access import list_studies_for
from portal.pages.context import STUDY_KEY, THEME_COOKIE, THEMES, actor_of_request
from portal.pages.health import find_readiness
from portal.pages.nav import list_doors_for
from portal.pages.waiting import list_waiting_for
from portal.roles.actors import Actor
from portal.roles.policy import may

A_YEAR_SECONDS = 365 * 24 * 3600


@require_GET
@login_required
def home(request: HttpRequest, list_suggested: Callable[[Actor], Iterable[object]] = lambda actor: ()) -> HttpResponse:
    """Show what waits for the one who looks, and which doors are open to them.

    list_suggested: in a demo, what one could try; the address hands it in (portal.urls).
    """
    actor = actor_of_request(request)
    context = {
        "first_name": actor.name.split()[0],
        "today": timezone.localdate(),
        "waiting": list_waiting_for(actor),
        "doors": list_doors_for(actor),
        "suggested": list(list_suggested(actor)),
        "may_train": may(actor, "run.start"),
    }
    return render(request, "portal/pages/home.html", context)


@require_GET
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """Answer that the process answers."""
    return JsonResponse({"live": True})


@require_GET
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Answer whether the portal can work, check by check; 503 if one says no."""
    findings = find_readiness()
    is_ready = all(finding.ready for finding in findings)
    checks = {
        finding.name: {"word": finding.word}
        | ({} if finding.age_seconds is None else {"age_seconds": finding.age_seconds})
        for finding in findings
    }
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse({"ready": is_ready, "checks": checks}, status=status)


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in this browser and go back to where one was."""
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    response = redirect(_back(request))
    # Read by the server alone, so that the first paint is right without any script.
    response.set_cookie(
        THEME_COOKIE, theme, max_age=A_YEAR_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return response


@require_POST
@login_required
def choose_study(request: HttpRequest) -> HttpResponse:
    """Take another study in hand; one the actor has no site in is a 404."""
    studies = list_studies_for(actor_of_request(request))
    request.session[STUDY_KEY] = get_object_or_404(studies, code=request.POST.get("study", "")).code
    return redirect("home")


@require_POST
@never_cache
def still_here(request: HttpRequest) -> HttpResponse:
    """Count as activity of somebody signed in; say 401 to anybody else, so that the page can leave."""
    known = actor_of_request(request).is_known
    return HttpResponse(status=HTTPStatus.NO_CONTENT if known else HTTPStatus.UNAUTHORIZED)


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "/"
