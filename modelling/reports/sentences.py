"""The report's sentences, written by rules from frozen numbers. Pure: computes nothing that is not in the sheet.

The rules: no number without its interval; an interval that holds 0.5, or 0 for a difference, is said to show nothing;
few people cannot settle calibration, and the sentence says so.
"""

from typing import Final

from modelling.engine.metrics.tasks import ONLY_SIMULATED, REHEARSAL, TASKS
from modelling.reports.words import (
    Score,
    Sheet,
    count,
    estimate,
    interval,
    is_simulated,
    name_of,
    number,
    p_value,
    primary_of,
)

OVERALL: Final = 0.95
"""What the intervals of all planned openings of a test set hold together (Bonferroni); `level` is that of one."""


def write_first_sentence(sheet: Sheet) -> str:
    """Return the report's first line: whom, what, how well, and what it cannot settle."""
    pieces = [_say_separation(sheet), _say_nothing_shown(primary_of(sheet)), say_calibration(sheet)]
    if sheet["rehearsal"]:
        pieces.insert(0, f"{REHEARSAL}.")
    return " ".join(piece for piece in pieces if piece)


def _say_separation(sheet: Sheet) -> str:
    who = f"In {count(sheet['n'])} {_people(sheet)} never seen in training"
    auc = primary_of(sheet)["auc"]
    separates = separates_what(sheet)
    if auc["value"] is None:
        return f"{who} the question whether the model separates {separates} has no answer: {auc['why']}."
    counts = f"{count(sheet['n_events'])} of {count(sheet['n'])}"
    return f"{who} the model separated {separates} with AUC {number(auc['value'])} ({interval(auc)}; {counts})."


def _say_nothing_shown(model: Score) -> str:
    auc = model["auc"]
    if auc["value"] is None or not auc["lower"] <= 0.5 <= auc["upper"]:
        return ""
    return "The interval holds 0.5: it is not shown that the model separates at all."


def say_calibration(sheet: Sheet) -> str:
    """Return what the evaluation says of calibration: slope with its interval, or that it cannot settle it."""
    found = primary_of(sheet)["calibration"]
    if found["estimable"]:
        return f"Calibration slope {estimate(found['slope'])}, observed over expected {estimate(found['o_e'])}."
    if sheet["not_estimable"]:
        return ""
    return f"{count(sheet['n'])} people cannot settle calibration."


def say_comparison(sheet: Sheet, row: Score) -> str:
    """Return how the primary model fares against another, and what that shows."""
    one, other = name_of(sheet, row["a"]), name_of(sheet, row["b"])
    found = row["difference"]
    if found["value"] is None:
        return f"{one} and {other} cannot be compared: {found['why']}."
    numbers = f"difference in AUC {estimate(found)}, p {_say_p(sheet, row)}"
    if found["lower"] > 0:
        return f"{one} separates better than {other}: {numbers}."
    if found["upper"] < 0:
        return f"{one} separates worse than {other}: {numbers}."
    return f"It is not shown that {one} separates better than {other}: {numbers}."


def _say_p(sheet: Sheet, row: Score) -> str:
    """Return p, adjusted where several comparisons were made."""
    if len(sheet["comparisons"]) == 1:
        return p_value(row["p"])
    return f"{p_value(row['p_holm'])} by Holm"


def separates_what(sheet: Sheet) -> str:
    """Return the two groups as they complete "the model separated"."""
    return TASKS[sheet["task"]].separates if sheet["task"] in TASKS else "people with the outcome from the others"


def output_of(sheet: Sheet) -> str:
    """Return what the model's number is called."""
    return (
        TASKS[sheet["task"]].output if sheet["task"] in TASKS else f"Likelihood of the outcome of task {sheet['task']}"
    )


def groups_of(sheet: Sheet) -> tuple[str, str]:
    """Return the names of those with the outcome and of those without."""
    task = TASKS.get(sheet["task"])
    return (task.with_it, task.without) if task else ("with the outcome", "without")


def list_limits(sheet: Sheet) -> list[str]:
    """Return what a reader must not take from this report."""
    limits = [
        _say_looks(sheet),
        "The threshold was locked before anybody saw a label; it was found on training participants.",
        "Sensitivity and specificity belong to this mix of people; predictive values change with how common it is.",
        "The intervals hold the chance of drawing these people, not the choice of clinic, scanner or year.",
    ]
    if not primary_of(sheet)["calibration"]["estimable"]:
        limits.append("The risks rank people; whether 20 % means 20 in 100 is not settled here.")
    if is_simulated(sheet):
        limits.insert(0, "Everybody here is simulated: it shows that the pipeline works, not the biology.")
        limits.append(f"{ONLY_SIMULATED[0].upper()}{ONLY_SIMULATED[1:]}.")
    if any("auc_weighted" in model for model in sheet["models"]):
        limits.append("The AUC with survey weights stands without an interval: a design-based one is not claimed.")
    return limits


def _say_looks(sheet: Sheet) -> str:
    looks = round((1 - OVERALL) / (1 - sheet["level"]))
    if looks <= 1:
        return "One cohort, one evaluation of this test set: it is spent, and a second look is a second look."
    return (
        f"One cohort, and a test set opened {looks} times in all, as was planned before the first: each interval holds "
        f"{100 * sheet['level']:.4g} %, so that together they hold {100 * OVERALL:g} %."
    )


def _people(sheet: Sheet) -> str:
    return "simulated participants" if is_simulated(sheet) else "participants"
