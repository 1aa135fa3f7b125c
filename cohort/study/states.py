"""States of a study."""

from cohort.study.models import StudyState
from portal.workflow import Move, Table

TABLE: Table = {
    (StudyState.SETTING_UP, "open_enrolment"): Move(StudyState.ENROLLING, action="study.open_enrolment"),
    (StudyState.ENROLLING, "close_enrolment"): Move(StudyState.CLOSED, action="study.close_enrolment"),
}
