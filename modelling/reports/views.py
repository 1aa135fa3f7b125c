"""Pages of reports: after the reveal, and of the rehearsal before it."""

from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from frontend.parts import Link
from modelling.blinded.access import get_evaluation_for, get_rehearsal_sheet_for
from modelling.blinded.models import Evaluation
from modelling.reports import services
from modelling.reports.access import find_report, get_sheet_for
from modelling.reports.build import build_report
from modelling.reports.document import FigureName
from modelling.reports.numbers import list_figures, write_csv
from modelling.reports.parts import make_parts
from modelling.reports.printing import print_figure, print_pdf, write_text
from modelling.reports.words import Sheet
from portal.roles.http import Request
from portal.roles.policy import may

Context = Mapping[str, object]
TYPES = {"png": "image/png", "svg": "image/svg+xml", "csv": "text/csv; charset=utf-8"}


@require_GET
@never_cache
def report(request: Request, pk: UUID) -> HttpResponse:
    """Show the report of a revealed evaluation."""
    sheet = get_sheet_for(request.actor, pk)
    context = {
        "kept": find_report(pk),
        "may_keep": may(request.actor, "report.keep"),
        "pdf": reverse("report-pdf", args=[pk]),
    }
    return _show(request, get_evaluation_for(request.actor, pk), sheet, "Report", context)


@require_GET
@never_cache
def rehearsal(request: Request, pk: UUID) -> HttpResponse:
    """Show the report as it will look, over labels thrown by a die."""
    sheet, _ = get_rehearsal_sheet_for(request.actor, pk)
    context = {"pdf": reverse("rehearsal-pdf", args=[pk])}
    return _show(request, get_evaluation_for(request.actor, pk), sheet, "Rehearsal", context)


@require_GET
@never_cache
def report_pdf(request: Request, pk: UUID) -> HttpResponse:
    """Send the report as PDF: the kept one, or the same bytes printed now."""
    sheet = get_sheet_for(request.actor, pk)
    kept = find_report(pk)
    pdf = print_pdf(sheet) if kept is None else bytes(kept.pdf)
    return _send(pdf, "application/pdf", _name_file(sheet, "report", "pdf"))


@require_GET
@never_cache
def rehearsal_pdf(request: Request, pk: UUID) -> HttpResponse:
    """Send the rehearsal's report as PDF, marked on each page."""
    sheet, _ = get_rehearsal_sheet_for(request.actor, pk)
    return _send(print_pdf(sheet), "application/pdf", _name_file(sheet, "rehearsal", "pdf"))


@require_GET
@never_cache
def report_json(request: Request, pk: UUID) -> HttpResponse:
    """Send the score sheet as the scorer froze it."""
    sheet = get_sheet_for(request.actor, pk)
    return _send(write_text(sheet).encode(), "application/json", _name_file(sheet, "score-sheet", "json"))


@require_GET
@never_cache
def report_figure(request: Request, pk: UUID, name: FigureName, kind: str) -> HttpResponse:
    """Send one figure as picture or as numbers, its marks inside."""
    sheet = get_sheet_for(request.actor, pk)
    if name not in list_figures(sheet) or kind not in TYPES:
        raise Http404("No such figure.")
    content = write_csv(sheet, name, sheet["marks"]) if kind == "csv" else print_figure(sheet, name, kind)
    return _send(content, TYPES[kind], _name_file(sheet, name, kind))


@require_POST
def report_keep(request: Request, pk: UUID) -> HttpResponse:
    """Keep the report, its digest in the ledger."""
    services.keep_report(actor=request.actor, evaluation_pk=pk)
    messages.success(request, "The report is kept and its digest stands in the ledger.")
    return redirect("report", pk)


def _show(
    request: Request, evaluation: Evaluation, sheet: Sheet, word: str, more: Mapping[str, object]
) -> HttpResponse:
    built = build_report(write_text(sheet))
    request.study = evaluation.study
    context = {
        "evaluation": evaluation,
        "report": built,
        "parts": make_parts(built, sheet),
        "origin": sheet["origin"],
        "is_rehearsal": sheet["rehearsal"],
        "crumbs": [
            Link("Evaluations", reverse("evaluations")),
            Link(evaluation.title, reverse("evaluation", args=[evaluation.pk])),
            Link(word),
        ],
        **more,
    }
    return render(request, "modelling/reports/report.html", context)


def _name_file(sheet: Sheet, what: str, kind: str) -> str:
    """Return a download's name; of simulated origin it says so."""
    marks = [mark.split(":")[0].lower() for mark in sheet["marks"]]
    return f"{'-'.join(['trabecula', *dict.fromkeys(marks), what, sheet['evaluation'][:8]])}.{kind}"


def _send(content: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-SHA256": sha256(content).hexdigest()}
    return HttpResponse(content, content_type=kind, headers=headers)
