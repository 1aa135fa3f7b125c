"""Screenings and verdicts, ready to be shown."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import fields

from django.urls import reverse

from cohort.enrolment.eligibility import REASONS, AgeRule, Answers, Verdict, judge
from cohort.enrolment.models import Screening
from frontend.parts import Cell, Column, Table
from portal.core.dates import write_day

OTHER_SIDE = {"left": "right", "right": "left"}


def judge_again(screening: Screening) -> Verdict:
    """Return the verdict of the answers that were kept, with the forearm to avoid."""
    study = screening.study
    answers = Answers(**{one.name: getattr(screening, one.name) for one in fields(Answers)})
    return judge(answers, AgeRule(study.min_age_years, study.min_age_counts))


def make_screenings_table(screenings: Iterable[Screening], caption: str) -> Table:
    """Return screenings with their outcome and why."""
    rows = [
        [
            Cell(str(one), url=reverse("screening", args=[one.pk]), is_code=True),
            write_day(one.scr_date),
            one.site.name,
            one.scr_age,
            one.get_sex_display(),
            Cell(one.get_state_display(), state=one.state),
            _say_why(one),
        ]
        for one in screenings
    ]
    columns = ["Screening", "Date", "Site", Column("Age", "y", is_number=True), "Sex", "Outcome", "Why, or what next"]
    return Table(caption, columns, rows, empty="Nobody was screened yet.")


def make_reasons_table(failed: Iterable[list[str]]) -> Table:
    """Return how often each criterion was not met; one person can fail several."""
    counts = Counter(reason for reasons in failed for reason in reasons)
    rows = [[words, counts[key]] for key, words in REASONS.items() if counts[key]]
    columns = ["Criterion that was not met", Column("Persons", is_number=True)]
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


def _say_why(screening: Screening) -> Cell:
    if screening.participant:
        code = screening.participant.code
        return Cell(code, url=reverse("participant", args=[code]), is_code=True)
    if screening.defer_until:
        return Cell(f"until {write_day(screening.defer_until)}")
    return Cell("; ".join(REASONS[key] for key in screening.failed))
