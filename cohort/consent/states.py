"""States of a consent."""

from cohort.consent.models import ConsentState
from portal.workflow import Move, Table

TABLE: Table = {
    (ConsentState.GIVEN, "supersede"): Move(ConsentState.SUPERSEDED, action="consent.give"),
    (ConsentState.GIVEN, "withdraw"): Move(ConsentState.WITHDRAWN, action="consent.withdraw"),
}
