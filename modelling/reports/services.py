"""Keeping a report."""

from hashlib import sha256
from uuid import UUID

from django.utils import timezone

from modelling.blinded.access import get_evaluation_for, get_score_sheet_for
from modelling.reports.access import find_report
from modelling.reports.models import Report
from modelling.reports.printing import print_pdf
from portal.audit.context import name_subject, service
from portal.audit.record import append_to_ledger
from portal.roles.actors import Actor
from portal.roles.policy import require


@service("report.keep")
def keep_report(*, actor: Actor, evaluation_pk: UUID) -> Report:
    """Print the report of a revealed evaluation and keep it, its digest in the ledger; the second time changes nothing.

    Raises Http404 before the reveal.
    """
    require(actor, "report.keep")
    evaluation = get_evaluation_for(actor, evaluation_pk)
    sheet, sheet_sha256 = get_score_sheet_for(actor, evaluation_pk)
    if (kept := find_report(evaluation_pk)) is not None:
        return kept
    pdf = print_pdf(sheet)
    report = Report.objects.create(
        evaluation=evaluation,
        origin=evaluation.origin,
        sheet_sha256=sheet_sha256,
        pdf_sha256=sha256(pdf).hexdigest(),
        pdf=pdf,
        built_at=timezone.now(),
    )
    append_to_ledger(
        "report.kept",
        {"evaluation": str(evaluation.pk), "sheet_sha256": sheet_sha256, "pdf_sha256": report.pdf_sha256},
    )
    name_subject(evaluation.pk)
    return report
