"""States of a filled-in form. A complete one is not changed: it is opened again, with a reason."""

from django.db import models

from portal.workflow import Move, Table


class RecordState(models.TextChoices):
    DRAFT = "draft", "Being filled in"
    COMPLETE = "complete", "Complete"
    SIGNED = "signed", "Signed"


TABLE: Table = {
    # Who may enter a form hangs on the form (actions.py); what every one of them holds is the right to see forms.
    (RecordState.DRAFT, "complete"): Move(RecordState.COMPLETE, action="record.view"),
    (RecordState.COMPLETE, "sign"): Move(RecordState.SIGNED, action="record.sign"),
    (RecordState.COMPLETE, "reopen"): Move(RecordState.DRAFT, action="record.reopen"),
    (RecordState.SIGNED, "reopen"): Move(RecordState.DRAFT, action="record.sign"),
}

OUTCOME_TABLE: Table = {
    **TABLE,
    # The principal investigator sees no outcome before the reveal, so whoever judges outcomes blinded signs them.
    (RecordState.COMPLETE, "sign"): Move(RecordState.SIGNED, action="outcome.sign"),
    (RecordState.SIGNED, "reopen"): Move(RecordState.DRAFT, action="outcome.sign"),
}
