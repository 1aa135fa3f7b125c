"""A participant's way through the study as steps: consents, visits, images, queries, withdrawals, what is to come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils import timezone

from cohort.consent.models import Consent, Withdrawal
from cohort.crf.parts import STANDINGS
from cohort.imaging.models import Modality, Series
from cohort.participants.models import Visit
from cohort.participants.states import VisitState
from cohort.quality.models import Query, QueryState
from cohort.quality.parts import name_question
from cohort.study.schedule import BY_CODE
from frontend.parts import Stage, Step
from portal.core.dates import write_day_short

PLACES = {kind.value: place for place, kind in enumerate(Modality)}
"""Film, DXA, pQCT: the order in which images stand beside each other."""
UNDER_WAY = ("open", "due", "overdue")


@dataclass(frozen=True)
class Dated:
    """A step with the day it stands at. rank, place: which of one day comes first."""

    day: date
    rank: int
    step: Step
    place: int = 0


def make_timeline(
    consents: Iterable[Consent],
    withdrawals: Iterable[Withdrawal],
    visits: Iterable[Visit],
    series: Iterable[Series],
    queries: Iterable[Query],
    today: date,
) -> list[Step]:
    """Return the steps in the order of their days."""
    found = [
        *(_of_consent(one) for one in consents),
        *(_of_visit(one, today) for one in visits),
        *_of_images(series),
        *(_of_query(one) for one in queries),
        *(_of_withdrawal(one) for one in withdrawals),
    ]
    return [one.step for one in sorted(found, key=lambda one: (one.day, one.rank, one.place))]


def _of_consent(one: Consent) -> Dated:
    what = f"Consent signed, form {one.form.version}"
    return Dated(one.signed_on, 0, Step(what, "done", write_day_short(one.signed_on), str(one.taken_by)))


def _of_visit(one: Visit, today: date) -> Dated:
    step = _describe_visit(one, today)
    return Dated(one.happened_on or one.due_on, 1, step, list(BY_CODE).index(one.code))


def _describe_visit(one: Visit, today: date) -> Step:
    standing = one.standing_on(today)
    title = BY_CODE[one.code].title
    if one.happened_on is not None:
        note = f"outside its window: {one.note}" if one.is_outside_window else one.note
        return Step(title, "done", write_day_short(one.happened_on), note=note)
    if one.state in {VisitState.MISSED, VisitState.CANCELLED}:
        return Step(f"{title}: {STANDINGS[standing]}", "done", write_day_short(one.due_on), note=one.note)
    stage: Stage = "now" if standing in UNDER_WAY else "later"
    words = f"{title}: {STANDINGS[standing]}" if stage == "now" else title
    window = f"from {write_day_short(one.opens_on)} to {write_day_short(one.closes_on)}"
    return Step(words, stage, f"due {write_day_short(one.due_on)}", note=window)


def _of_images(series: Iterable[Series]) -> Iterator[Dated]:
    """Yield one step for the images of a visit that came on one day."""

    def key(one: Series) -> tuple[date, str]:
        return timezone.localdate(one.made_at), one.visit.code

    for (day, code), of_day in groupby(sorted(series, key=key), key=key):
        by_kind = sorted(of_day, key=lambda one: PLACES[one.modality])
        names = dict.fromkeys(f"{one.get_modality_display()} {one.get_side_display().lower()}" for one in by_kind)
        title = BY_CODE[code].title if code in BY_CODE else "Unscheduled"
        yield Dated(day, 2, Step(f"Images: {', '.join(names)}", "done", write_day_short(day), note=title))


def _of_query(one: Query) -> Dated:
    day = timezone.localdate(one.raised_at)
    is_closed = one.state == QueryState.CLOSED
    what = f"Query {one.get_state_display().lower()}: {name_question(one)}"
    return Dated(day, 3, Step(what, "done" if is_closed else "now", write_day_short(day), str(one.raised_by.name)))


def _of_withdrawal(one: Withdrawal) -> Dated:
    what = f"Withdrawn: {one.get_level_display()}"
    return Dated(one.withdrawn_on, 4, Step(what, "done", write_day_short(one.withdrawn_on), str(one.recorded_by)))
