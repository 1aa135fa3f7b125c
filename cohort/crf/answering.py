"""What the page is told after it sent some answers: JSON, ready to be put in place by its script."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from cohort.crf.branching import find_hidden
from cohort.crf.filling import Change, count_done, examine
from cohort.crf.known import gather
from cohort.crf.parts import tell
from cohort.crf.services import AnsweredMeanwhile, Saved, is_closed
from cohort.crf.store import sheet_of
from cohort.crf.values import write_value
from cohort.participants.models import Visit
from cohort.study.dictionary import load_dictionary


def answer_saved(visit: Visit, saved: Saved, changes: Mapping[str, Change]) -> dict[str, Any]:
    """Return the form's version, what is hidden, worked out, odd or refused, and how far it is.

    An outcome that was typed is never sent back, refused or taken.
    """
    form = load_dictionary().form(saved.record.form)
    setting, sheet = gather(visit, form), sheet_of(saved.record)
    warnings: dict[str, list[str]] = {}
    for one in examine(form, sheet, setting):
        if one.level != "undone":
            warnings.setdefault(one.variable, []).append(one.words)
    done, wanted = count_done(form, sheet, setting)
    taken = [name for name in changes if name not in saved.refused]
    return {
        "version": saved.record.version,
        "saved_at": f"{timezone.localtime():%H:%M}",
        "refused": saved.refused,
        "warnings": warnings,
        "hidden": sorted(find_hidden(form, sheet.answers, setting.answers)),
        "told": {one.variable: tell(one, sheet.answers.get(one.variable)) for one in form.fields if one.type == "calc"},
        "shown": {} if is_closed(saved.record) else _show_typed(taken, sheet.answers),
        "done": done,
        "wanted": wanted,
    }


def _show_typed(taken: list[str], answers: Mapping[str, Any]) -> dict[str, str]:
    fields = [load_dictionary().field(name) for name in taken]
    return {
        one.variable: write_value(one, answers[one.variable])
        for one in fields
        if one.variable in answers and (one.is_number or one.type in {"date", "pdate", "datetime", "time"})
    }


def answer_conflict(error: AnsweredMeanwhile) -> dict[str, Any]:
    """Return both sides of a conflict: theirs here, yours is on the page. Of an outcome only that there is one."""
    record = error.record
    theirs: dict[str, str | None] = {}
    for name in error.variables:
        value = record.answers.get(name)
        field = load_dictionary().field(name)
        words = ", ".join(value) if isinstance(value, list) else write_value(field, value)
        theirs[name] = None if is_closed(record) else words
    return {"detail": str(error), "version": record.version, "theirs": theirs}
