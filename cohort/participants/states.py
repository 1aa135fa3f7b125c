"""States of a visit. Whether one is due or overdue is told by its days, not by its state."""

from django.db import models

from portal.workflow import Move, Table


class VisitState(models.TextChoices):
    PLANNED = "planned", "Planned"
    DONE = "done", "Done"
    MISSED = "missed", "Missed"
    CANCELLED = "cancelled", "Cancelled"


TABLE: Table = {
    (VisitState.PLANNED, "begin"): Move(VisitState.DONE, action="visit.begin"),
    (VisitState.PLANNED, "miss"): Move(VisitState.MISSED, action="visit.miss"),
    # Somebody who was given up comes after all.
    (VisitState.MISSED, "begin"): Move(VisitState.DONE, action="visit.begin"),
}
