"""Enrolled against planned, by numbers worked out by hand."""

from datetime import date

from cohort.desk.recruitment import Plan, count_months, make_chart

PLAN = Plan(participants=90, months=3)


def test_each_month_counts_its_own_and_all_before_it():
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28)]
    months = count_months(days, date(2026, 1, 10), date(2026, 3, 2), PLAN)
    assert [(one.name, one.enrolled, one.total) for one in months] == [
        ("Jan 2026", 1, 1),
        ("Feb 2026", 2, 3),
        ("Mar 2026", 0, 3),
    ]


def test_the_plan_is_a_straight_line_that_ends_at_the_target():
    months = count_months([], date(2026, 11, 1), date(2027, 2, 1), PLAN)
    assert [one.planned for one in months] == [30, 60, 90, 90]


def test_a_signing_before_the_opening_begins_the_course():
    months = count_months([date(2025, 12, 24)], date(2026, 1, 10), date(2026, 1, 11), PLAN)
    assert [one.name for one in months] == ["Dec 2025", "Jan 2026"]


def test_the_sentence_says_how_far_off_the_plan():
    def say(n: int) -> str:
        months = count_months([date(2026, 1, 5)] * n, date(2026, 1, 1), date(2026, 1, 31), PLAN)
        return make_chart(months, PLAN).sentence

    assert say(1) == "1 participant by Jan 2026, 29 fewer than planned by then."
    assert say(30) == "30 participants by Jan 2026, as planned."
    assert say(32) == "32 participants by Jan 2026, 2 more than planned by then."
