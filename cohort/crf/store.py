"""Where a filled-in form lies: in the open schema, or in the closed one under its own role. No rules."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from uuid import UUID

from django.db import transaction

from cohort.crf.filling import Sheet
from cohort.crf.models import OutcomeRecord, Record
from cohort.crf.states import OUTCOME_TABLE, TABLE
from cohort.participants.models import Visit
from cohort.study.dictionary import load_dictionary
from portal.audit.context import joined
from portal.workflow import Table

ALIAS = "clinical"
AnyRecord = Record | OutcomeRecord
Kind = type[Record] | type[OutcomeRecord]


def kind_of(form: str) -> Kind:
    """Return the model that keeps a form."""
    return OutcomeRecord if load_dictionary().form(form).is_closed else Record


@contextmanager
def writing(form: str) -> Iterator[None]:
    """Open what a write to this form needs: the closed role's own transaction, under the act that is open."""
    with joined(ALIAS) if kind_of(form) is OutcomeRecord else nullcontext():
        yield


def find_record(visit: Visit, form: str, number: int, *, is_locked: bool = False) -> AnyRecord | None:
    """Return a filled-in form; None if nobody began it. is_locked: nobody else may change it meanwhile."""
    found = kind_of(form).objects.filter(visit_id=visit.pk, form=form, number=number)  # type: ignore[misc]
    return (found.select_for_update() if is_locked else found).first()


def blank_record(visit: Visit, form: str, number: int) -> AnyRecord:
    """Return a form nobody began, not kept yet."""
    return kind_of(form)(
        participant_id=visit.participant_id, visit_id=visit.pk, origin=visit.origin, form=form, number=number
    )


def list_records(visit_pks: Iterable[UUID], forms: Iterable[str]) -> list[AnyRecord]:
    """Return the filled-in forms of some visits, by form and number."""
    wanted = list(forms)
    pks = list(visit_pks)
    found: list[AnyRecord] = []
    for kind in (Record, OutcomeRecord):
        mine = [form for form in wanted if kind_of(form) is kind]
        if mine:
            found += kind.objects.filter(visit_id__in=pks, form__in=mine).order_by("form", "number")
    return found


def table_of(record: AnyRecord) -> Table:
    """Return the table of states of a filled-in form: who signs one of the closed schema is somebody else."""
    return OUTCOME_TABLE if isinstance(record, OutcomeRecord) else TABLE


def sheet_of(record: AnyRecord) -> Sheet:
    """Return the contents of a filled-in form."""
    return Sheet(record.answers, record.missing, record.comments, record.set_aside, record.typed)


def keep(record: AnyRecord) -> None:
    """Write a filled-in form; the first time it is added."""
    with transaction.atomic(using=ALIAS if isinstance(record, OutcomeRecord) else "default"):
        record.save(force_insert=record._state.adding)
