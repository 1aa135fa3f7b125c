"""Screenings and verdicts, ready to be shown."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields

from django.urls import reverse

from cohort.enrolment.eligibility import REASONS, AgeRule, Answers, Verdict, judge
from cohort.enrolment.models import Screening, ScreeningState
from frontend.parts import Cell, Column, Row, Table
from portal.core.dates import write_day, write_day_short
from portal.roles.actors import Actor
from portal.roles.policy import may

OTHER_SIDE = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class Sides:
    """Which forearm to scan and which to avoid, in words."""

    scan: str
    avoid: str


def find_sides(screening: Screening) -> Sides | None:
    """Return the forearms where one of them must not be scanned; None where both are fit, or neither."""
    verdict = judge_again(screening)
    if not verdict.side_to_avoid:
        return None
    return Sides(OTHER_SIDE[verdict.side_to_avoid], verdict.side_to_avoid)


def judge_again(screening: Screening) -> Verdict:
    """Return the verdict of the answers that were kept, with the forearm to avoid."""
    study = screening.study
    answers = Answers(**{one.name: getattr(screening, one.name) for one in fields(Answers)})
    return judge(answers, AgeRule(study.min_age_years, study.min_age_counts))


def make_screenings_table(screenings: Iterable[Screening], actor: Actor) -> Table:
    """Return screenings with their outcome, why, and what the actor can do next."""
    rows: list[Row] = [
        [
            Cell(str(one), url=reverse("screening", args=[one.pk]), is_code=True),
            write_day_short(one.scr_date),
            one.site.name,
            one.scr_age,
            one.get_sex_display(),
            Cell(one.get_state_display(), state=one.state),
            _say_next(one, actor),
        ]
        for one in screenings
    ]
    columns: list[Column | str] = [
        "Screening",
        "Date",
        "Site",
        Column("Age", "y", is_number=True),
        "Sex",
        "Outcome",
        "Why, or what next",
    ]
    return Table("Screenings of your sites", columns, rows, empty="Nobody was screened yet.")


def make_reasons_table(failed: Iterable[list[str]]) -> Table:
    """Return how often each criterion was not met; one person can fail several."""
    counts = Counter(reason for reasons in failed for reason in reasons)
    rows: list[Row] = [[words, counts[key]] for key, words in REASONS.items() if counts[key]]
    columns: list[Column | str] = ["Criterion that was not met", Column("Persons", is_number=True)]
    return Table("Why people could not take part", columns, rows, empty="Everybody met every criterion so far.")


def make_answers(screening: Screening) -> list[tuple[str, str]]:
    """Return each question with its answer in words, in the order of the form."""
    answers = []
    for field in Screening._meta.fields:
        if field.name.startswith("scr_") or field.name == "sex":
            value = getattr(screening, field.name)
            if field.choices:
                words = str(getattr(screening, f"get_{field.name}_display")())
            elif isinstance(value, bool):
                words = "Yes" if value else "No"
            else:
                words = write_day(value) if field.name == "scr_date" else str(value)
            answers.append((str(field.verbose_name)[:1].upper() + str(field.verbose_name)[1:], words))
    return answers


def _say_next(screening: Screening, actor: Actor) -> Cell:
    if screening.participant:
        code = screening.participant.code
        return Cell(code, url=reverse("participant", args=[code]), is_code=True)
    if screening.state == ScreeningState.ELIGIBLE:
        is_theirs = may(actor, "participant.enrol", screening.site_id)
        url = reverse("enrol", args=[screening.pk]) if is_theirs else ""
        return Cell("consent and enrol" if is_theirs else "to be enrolled", url=url)
    if screening.defer_until:
        return Cell(f"until {write_day_short(screening.defer_until)}")
    return Cell("; ".join(REASONS[key] for key in screening.failed))
