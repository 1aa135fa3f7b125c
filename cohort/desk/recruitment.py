"""Enrolled against planned, month by month (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from frontend.parts import Chart, Column, Table


@dataclass(frozen=True)
class Plan:
    """How many participants are wanted, and in how many months from the start."""

    participants: int
    months: int

    def expected_after(self, n_months: int) -> float:
        """Return how many should have been enrolled after so many months: a straight line up to the target."""
        return self.participants * min(n_months, self.months) / self.months


@dataclass(frozen=True)
class Month:
    """One calendar month: how many were enrolled in it, how many up to its end, and how many were planned by then."""

    name: str
    enrolled: int
    total: int
    planned: float


def count_months(days: Sequence[date], start: date, today: date, plan: Plan) -> list[Month]:
    """Return each month from the start to today.

    days: the day of each participant's first consent. start: the day enrolment opened; where somebody signed
    before it, on paper, that day counts as the start.
    """
    first = min([start, *days])
    n_months = (today.year - first.year) * 12 + today.month - first.month + 1
    months, total = [], 0
    for number in range(n_months):
        year, month = divmod(first.year * 12 + first.month - 1 + number, 12)
        enrolled = sum((day.year, day.month) == (year, month + 1) for day in days)
        total += enrolled
        name = f"{date(year, month + 1, 1):%b %Y}"
        months.append(Month(name, enrolled, total, plan.expected_after(number + 1)))
    return months


def make_chart(months: Sequence[Month], plan: Plan) -> Chart:
    """Return the recruitment plot: the same numbers as figure and as table."""
    names = [one.name for one in months]
    last = months[-1]
    gap = round(last.total - last.planned)
    against = "as planned" if gap == 0 else f"{abs(gap)} {'more' if gap > 0 else 'fewer'} than planned by then"
    people = "participant" if last.total == 1 else "participants"
    figure = {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": "enrolled",
                "x": names,
                "y": [one.total for one in months],
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"plan: {plan.participants} in {plan.months} months",
                "x": names,
                "y": [round(one.planned, 1) for one in months],
                "line": {"dash": "dot"},
            },
        ],
        "layout": {"yaxis": {"title": {"text": "participants"}, "rangemode": "tozero"}, "xaxis": {"type": "category"}},
    }
    table = Table(
        "Enrolment by month",
        ["Month", *(Column(label, is_number=True) for label in ("In this month", "Enrolled", "Planned by its end"))],
        [[one.name, one.enrolled, one.total, f"{one.planned:.1f}"] for one in months],
        note="by the day of the first consent",
    )
    sentence = f"{last.total} {people} by {last.name}, {against}."
    return Chart("recruitment", sentence, figure, table)
