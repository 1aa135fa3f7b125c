"""What becomes of a form when something is typed into it, and what is still wrong with it (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from cohort.crf.branching import find_hidden
from cohort.crf.calculations import Known, calculate
from cohort.crf.checks import HARD, SOFT, UNDONE, find_broken
from cohort.crf.values import MISSING_REASONS, read_value, was_converted
from cohort.study.dictionary import Field, Form
from cohort.study.limits import find_breach

GIVEN: Final = frozenset({"sex"})
"""Questions whose answer the enrolment gave; shown, never typed."""

SEALED: Final = frozenset({"dob"})
"""Questions answered in the sealed part alone."""

GATES: Final = {"fxh": "fxh_any"}
"""Repeating form → its question whether there is anything at all; there is none where the answer is 0."""

NONE_OF_IT: Final = "NA"
"""The reason that says that there is nothing to record; the others say why nobody knows."""

LONGEST_COMMENT = 300


def is_entered(question: Field) -> bool:
    """True for a question that somebody answers on this form."""
    return question.type not in {"calc", "esign"} and question.variable not in GIVEN | SEALED


@dataclass(frozen=True)
class Change:
    """What was typed for one question; None where a part was left alone, '' where it was emptied."""

    value: str | tuple[str, ...] | None = None
    missing: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Sheet:
    """The contents of one form, as `cohort.crf.models.BaseRecord` keeps them."""

    answers: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    set_aside: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """What a form rests on beside itself. days: day → ISO text, by the names the ranges use."""

    known: Known
    days: Mapping[str, str]
    today: date

    @property
    def answers(self) -> dict[str, Any]:
        """What the conditions may look at: other forms' answers, and the participant's sex."""
        return {**(self.known.others or {}), "sex": self.known.sex}


@dataclass(frozen=True)
class Filled:
    """The form after a change. refused: question → why what was typed there was not taken."""

    sheet: Sheet
    changed: frozenset[str]
    refused: dict[str, str]


@dataclass(frozen=True)
class Finding:
    """Something to look at: `undone` keeps a form from being complete, `soft` wants a comment, `hard` is wrong."""

    variable: str
    level: str
    words: str
    is_settled: bool = False


def fill(form: Form, sheet: Sheet, changes: Mapping[str, Change], setting: Setting) -> Filled:
    """Return the form with what was typed. A question that cannot be taken is refused alone; the others are kept."""
    refused: dict[str, str] = {}
    left = dict(changes)
    while True:
        taken, wrong = _take_each(form, sheet, left, setting)
        result = settle(form, taken, setting)
        wrong = wrong or _broken_by(form, result, left, setting)
        if not wrong:
            return Filled(result, frozenset(left), refused)
        refused |= wrong
        left = {variable: change for variable, change in left.items() if variable not in wrong}


def drop_unchanged(form: Form, sheet: Sheet, changes: Mapping[str, Change], setting: Setting) -> dict[str, Change]:
    """Return only what differs from what is kept: a whole form may be sent, and most of it was left alone."""
    return {name: change for name, change in changes.items() if not _is_same(form, sheet, name, change, setting)}


def _is_same(form: Form, sheet: Sheet, name: str, change: Change, setting: Setting) -> bool:
    kept = sheet.answers.get(name, sheet.set_aside.get(name))
    try:
        question = _question(form, name)
        typed = kept if change.value is None else read_value(question, change.value, setting.today)
    except ValueError:
        return False
    return (
        typed == kept
        and change.missing in {None, sheet.missing.get(name, "")}
        and change.comment in {None, sheet.comments.get(name, "")}
    )


def _take_each(
    form: Form, sheet: Sheet, changes: Mapping[str, Change], setting: Setting
) -> tuple[Sheet, dict[str, str]]:
    refused: dict[str, str] = {}
    for variable, change in changes.items():
        taken = _copy(sheet)
        try:
            _take(taken, _question(form, variable), change, setting)
        except ValueError as error:
            refused[variable] = str(error)
        else:
            sheet = taken
    return sheet, refused


def _broken_by(form: Form, sheet: Sheet, changes: Mapping[str, Change], setting: Setting) -> dict[str, str]:
    return {
        variable: rule.words
        for rule in find_broken(form.code, sheet.answers, setting.known)
        if rule.level == HARD
        for variable in rule.rests_on
        if variable in changes and changes[variable].value is not None
    }


def _copy(sheet: Sheet) -> Sheet:
    return Sheet(*(dict(part) for part in (sheet.answers, sheet.missing, sheet.comments, sheet.set_aside, sheet.typed)))


def _question(form: Form, variable: str) -> Field:
    found = next((one for one in form.fields if one.variable == variable and is_entered(one)), None)
    if found is None:
        raise ValueError(f"'{variable}' is no question of the form '{form.code}'.")
    return found


def _take(sheet: Sheet, question: Field, change: Change, setting: Setting) -> None:
    name = question.variable
    if change.value is not None:
        _take_value(sheet, question, change.value, setting)
    if change.missing is not None:
        if change.missing and change.missing not in MISSING_REASONS:
            raise ValueError("This is none of the reasons.")
        if change.missing and change.value and name in sheet.answers:
            raise ValueError("An answer and a reason for having none cannot stand together.")
        sheet.missing.pop(name, None)
        if change.missing:
            for part in (sheet.answers, sheet.set_aside, sheet.typed):
                part.pop(name, None)
            sheet.missing[name] = change.missing
    if change.comment is not None:
        sheet.comments.pop(name, None)
        if change.comment.strip():
            sheet.comments[name] = change.comment.strip()[:LONGEST_COMMENT]


def _take_value(sheet: Sheet, question: Field, typed: str | tuple[str, ...], setting: Setting) -> None:
    name = question.variable
    value = read_value(question, typed, setting.today)
    for part in (sheet.answers, sheet.set_aside, sheet.typed):
        part.pop(name, None)
    if value is None:
        return
    if words := find_breach(question.hard, value, {**setting.days, **sheet.answers}):
        raise ValueError(words)
    sheet.answers[name] = value
    sheet.missing.pop(name, None)
    if isinstance(typed, str) and was_converted(question, typed):
        sheet.typed[name] = typed.strip()


def settle(form: Form, sheet: Sheet, setting: Setting) -> Sheet:
    """Return the form with its branches and its calculated values as its answers want them."""
    entered = {one.variable for one in form.fields if is_entered(one)}
    whole = {name: value for name, value in {**sheet.set_aside, **sheet.answers}.items() if name in entered}
    hidden = find_hidden(form, whole, setting.answers)
    asked = {name: value for name, value in whole.items() if name not in hidden}
    wanted = [one.variable for one in form.fields if one.type == "calc" and one.variable not in hidden]
    given = {name: setting.known.sex for name in GIVEN if name in {one.variable for one in form.fields}}
    return replace(
        sheet,
        answers={**given, **asked, **calculate(wanted, asked, setting.known)},
        set_aside={name: value for name, value in whole.items() if name in hidden},
    )


def examine(form: Form, sheet: Sheet, setting: Setting) -> list[Finding]:
    """Return what is to be looked at, in the order of the form; a comment settles what is only unusual."""
    hidden = find_hidden(form, sheet.answers, setting.answers)
    rules = find_broken(form.code, sheet.answers, setting.known)
    findings: list[Finding] = []
    for one in form.fields:
        name = one.variable
        if name in hidden or name in GIVEN | SEALED:
            continue
        value = sheet.answers.get(name)
        broken = [rule for rule in rules if rule.at == name]
        if one.is_required and value is None and name not in sheet.missing and not broken:
            findings.append(Finding(name, UNDONE, "No answer yet, and no reason why."))
        if value is not None and (words := find_breach(one.soft, value, {**setting.days, **sheet.answers})):
            # What was worked out has no comment of its own: the answers it comes from have.
            findings.append(Finding(name, SOFT, f"Unusual: {words}", name in sheet.comments or one.type == "calc"))
        for rule in broken:
            is_settled = rule.level == SOFT and name in sheet.comments
            is_settled |= rule.level == UNDONE and name in sheet.missing
            findings.append(Finding(name, rule.level, rule.words, is_settled))
    return findings


def make_empty(form: Form, reason: str, setting: Setting) -> Sheet:
    """Return a form that says that there is nothing of its kind: every required question has the same reason.

    Where the form asks whether there is anything, that question is answered instead: to leave it without an answer
    would drop everybody who has none from the labels, and keep those who have some.
    """
    if reason not in MISSING_REASONS:
        raise ValueError(f"'{reason}' is none of the reasons: {', '.join(MISSING_REASONS)}")
    gate = GATES.get(form.code) if reason == NONE_OF_IT else None
    answers = {} if gate is None else {gate: "0"}
    without = find_hidden(form, answers, setting.answers) | set(answers)
    asked = [one.variable for one in form.fields if one.is_required and is_entered(one) and one.variable not in without]
    return settle(form, Sheet(answers=answers, missing=dict.fromkeys(asked, reason)), setting)


def list_open(findings: list[Finding]) -> list[Finding]:
    """Return what still keeps the form from being complete."""
    return [one for one in findings if not one.is_settled]


def count_done(form: Form, sheet: Sheet, setting: Setting) -> tuple[int, int]:
    """Return how many of the required questions have an answer or a reason, and how many there are."""
    hidden = find_hidden(form, sheet.answers, setting.answers)
    required = [
        one.variable
        for one in form.fields
        if one.is_required and one.variable not in hidden and one.variable not in GIVEN | SEALED
    ]
    return sum(name in sheet.answers or name in sheet.missing for name in required), len(required)
