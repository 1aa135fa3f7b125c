"""Time as the database tells it: every lease is counted by one clock, whatever the workers' own clocks say.

`clock_timestamp()` and not `now()`: the latter stands still in a transaction that has waited for a lock.
"""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Func, Value
from django.db.models.expressions import Combinable


class DatabaseTime(Func):
    """The database's clock, at this moment."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field: Any = DateTimeField()


def from_now(seconds: float) -> Combinable:
    """Return the instant so many seconds from now; negative for the past."""
    length = Value(timedelta(seconds=seconds), output_field=DurationField())
    return ExpressionWrapper(DatabaseTime() + length, output_field=DateTimeField())


def ask_database_time() -> Any:
    """Return the database's clock as a datetime."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
