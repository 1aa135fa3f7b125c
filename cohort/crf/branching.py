"""Which questions of a form are asked, by the answers so far (pure)."""

from collections.abc import Mapping
from typing import Any

from cohort.crf.expressions import Node, holds, list_variables, parse
from cohort.study.dictionary import Form

Answers = Mapping[str, Any]


def condition_of(show_if: str) -> Node | None:
    """Return the tree of a condition; None where a question is always asked."""
    return parse(show_if) if show_if else None


def find_hidden(form: Form, answers: Answers, known: Answers) -> set[str]:
    """Return the questions that are not asked. A question that is not asked counts as not answered.

    answers: of this form. known: of other forms, and of the participant.
    """
    hidden: set[str] = set()
    seen: dict[str, Any] = {**known, **answers}
    # The paper's order is also the order of the questions: a condition looks back, so one pass is nearly always
    # enough; the few that look forward need another.
    for _ in form.fields:
        before = set(hidden)
        for field in form.fields:
            condition = condition_of(field.show_if)
            if condition is not None and not holds(condition, seen):
                hidden.add(field.variable)
        for variable in hidden:
            seen.pop(variable, None)
        if hidden == before:
            break
    return hidden


def list_known_variables(form: Form) -> set[str]:
    """Return the variables of other forms that the conditions of a form look at."""
    own = {field.variable for field in form.fields}
    looked_at = {name for field in form.fields if field.show_if for name in list_variables(parse(field.show_if))}
    return looked_at - own
