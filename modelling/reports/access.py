"""The only way to get reports. Before the reveal there is none, and asking says no more than that."""

from uuid import UUID

from modelling.blinded.access import get_score_sheet_for
from modelling.reports.models import Report
from modelling.reports.words import Sheet
from portal.roles.actors import Actor


def get_sheet_for(actor: Actor, evaluation_pk: UUID) -> Sheet:
    """Return the score sheet of a revealed evaluation; anything else is a 404 like any unknown one."""
    return get_score_sheet_for(actor, evaluation_pk)[0]


def find_report(evaluation_pk: UUID) -> Report | None:
    """Return the kept report, for who has been let in to the score sheet."""
    return Report.objects.filter(evaluation_id=evaluation_pk).first()
