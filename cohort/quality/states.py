"""The moves of a query."""

from cohort.quality.models import QueryState
from portal.workflow import Move, Table

TABLE: Table = {
    (QueryState.OPEN, "answer"): Move(QueryState.ANSWERED, action="query.answer"),
    (QueryState.REOPENED, "answer"): Move(QueryState.ANSWERED, action="query.answer"),
    (QueryState.ANSWERED, "close"): Move(QueryState.CLOSED, action="query.close"),
    (QueryState.OPEN, "close"): Move(QueryState.CLOSED, action="query.close"),
    (QueryState.REOPENED, "close"): Move(QueryState.CLOSED, action="query.close"),
    (QueryState.ANSWERED, "reopen"): Move(QueryState.REOPENED, action="query.close"),
    (QueryState.CLOSED, "reopen"): Move(QueryState.REOPENED, action="query.close"),
}
WAITS_FOR_ANSWER = (QueryState.OPEN, QueryState.REOPENED)
