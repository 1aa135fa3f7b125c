"""States of a screening."""

from cohort.enrolment.models import ScreeningState
from portal.workflow import Move, Table

TABLE: Table = {
    (ScreeningState.ELIGIBLE, "enrol"): Move(ScreeningState.ENROLLED, action="participant.enrol"),
    (ScreeningState.ELIGIBLE, "decline"): Move(ScreeningState.DECLINED, action="participant.screen"),
    (ScreeningState.DEFERRED, "clear"): Move(ScreeningState.ELIGIBLE, action="participant.screen"),
    (ScreeningState.DEFERRED, "decline"): Move(ScreeningState.DECLINED, action="participant.screen"),
}
