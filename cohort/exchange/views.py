"""The page by which a public table comes in: choose, look, import."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cohort.datasets.sources import NHANES, load_public_table
from cohort.exchange import access, parts, services
from cohort.exchange.forms import ImportForm, LookForm
from cohort.exchange.reading import read_table
from cohort.study.access import get_study_for
from cohort.study.models import Study
from frontend.parts import Link
from portal.core.errors import Refused
from portal.core.forms import refusals_on
from portal.core.storage import put_bytes
from portal.roles.http import Request
from portal.roles.policy import require


@require_GET
def import_table(request: Request, code: str) -> HttpResponse:
    """Show the shipped table, as it would be taken in."""
    study = _find_study(request, code)
    if access.find_import(study) is not None:
        return _show(request, study, {})
    return _look(request, study, access.keep_shipped(), "the table that comes with the portal")


@require_POST
def import_look(request: Request, code: str) -> HttpResponse:
    """Show somebody's own table, as it would be taken in. Nothing is written yet."""
    study = _find_study(request, code)
    form = LookForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, study, {"look_form": form}, status=422)
    file = form.cleaned_data["file"]
    return _look(request, study, put_bytes(file.read()), file.name)


@require_POST
def import_take(request: Request, code: str) -> HttpResponse:
    """Take in the table that was looked at."""
    study = _find_study(request, code)
    form = ImportForm(request.POST, study=study)
    if form.is_valid():
        with refusals_on(form):
            content = access.read_kept(form.cleaned_data["sha256"])
            done = services.import_table(
                actor=request.actor, study=study, site=form.cleaned_data["site"], content=content
            )
            messages.success(request, f"{done.n_rows} people are taken in.")
            return redirect("study-import", study.code)
    return _show(request, study, {"import_form": form}, status=422)


def _find_study(request: Request, code: str) -> Study:
    study = get_study_for(request.actor, code)
    require(request.actor, "study.import")
    request.study = study
    return study


def _look(request: Request, study: Study, sha256: str, name: str) -> HttpResponse:
    table = load_public_table(NHANES)
    read = read_table(access.read_kept(sha256), table, min_age_years=study.min_age_years)
    site = study.study_sites.select_related("site").first()
    form = ImportForm(study=study, initial={"sha256": sha256, "site": site.site if site else None})
    context = {
        "name": name,
        "sha256": sha256,
        "read": read,
        "first_rows": parts.make_first_rows_table(table, read),
        "problems": parts.make_problems_table(read),
        "import_form": form,
        "obstacle": _find_obstacle(study),
    }
    return _show(request, study, context, status=422 if read.problems else 200)


def _find_obstacle(study: Study) -> str:
    site = study.study_sites.select_related("site").first()
    try:
        services.refuse_unfit_study(study, site.site if site else None)
    except Refused as error:
        return str(error)
    return ""


def _show(request: Request, study: Study, more: dict[str, Any], status: int = 200) -> HttpResponse:
    table = load_public_table(NHANES)
    context = {
        "study": study,
        "table": table,
        "done": access.find_import(study),
        "columns": parts.make_columns_table(table),
        "look_form": LookForm(),
        "crumbs": [
            Link("Studies", reverse("studies")),
            Link(study.title, reverse("study", args=[study.code])),
            Link("Import a public table"),
        ],
    } | more
    return render(request, "cohort/exchange/import.html", context, status=status)
