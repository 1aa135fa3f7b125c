"""The participant on one screen: which forearm, the images side by side, what is missing, the way so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.urls import reverse

from cohort.crf.access import missing_for
from cohort.desk.timeline import PLACES, make_timeline
from cohort.imaging.access import list_series_for
from cohort.imaging.models import Series
from cohort.imaging.parts import ASKED_OF_EVERYBODY, Card, list_imaging_visits, make_card
from cohort.imaging.sides import COUNTED, SideAgreement, tell_side
from cohort.participants.access import list_visits_for
from cohort.participants.models import Participant, Visit
from cohort.participants.states import VisitState
from cohort.quality.access import list_queries_of
from cohort.quality.models import Query, QueryState
from cohort.quality.parts import name_question
from cohort.study.schedule import BY_CODE
from frontend.parts import Link, Step
from portal.roles.actors import Actor
from portal.roles.policy import may

NO_CONFLICT = SideAgreement("", (), (), ())


@dataclass(frozen=True)
class Images:
    """The images of one visit, side by side. others: further visits that have some, as links."""

    agreement: SideAgreement = NO_CONFLICT
    title: str = ""
    cards: Sequence[Card] = ()
    absent: Sequence[str] = ()
    others: Sequence[Link] = ()


@dataclass(frozen=True)
class Overview:
    """What a participant's page shows beside consent and facts."""

    images: Images = field(default_factory=Images)
    missing: Sequence[Link] = ()
    timeline: Sequence[Step] = ()
    links: Sequence[Link] = ()


def make_overview(actor: Actor, participant: Participant, chosen: str, today: date) -> Overview:
    """Return what the actor may see of it. chosen: the code of the visit whose images are asked for, or empty."""
    site_pk = participant.site_id
    visits = list(list_visits_for(actor).filter(participant=participant)) if may(actor, "visit.view", site_pk) else []
    sees_images = may(actor, "image.view", site_pk)
    series = list(list_series_for(actor, participant)) if sees_images else []
    queries = list(list_queries_of(actor, participant)) if may(actor, "query.view", site_pk) else []
    consents = participant.consents.select_related("form", "taken_by")
    withdrawals = participant.withdrawals.select_related("recorded_by")
    return Overview(
        images=make_images(participant, series, chosen) if sees_images else Images(),
        missing=list_missing(actor, participant, visits, series, queries),
        timeline=make_timeline(consents, withdrawals, visits, series, queries, today),
        links=list(_list_links(actor, participant)),
    )


def make_images(participant: Participant, series: Sequence[Series], chosen: str) -> Images:
    """Return the images of one visit: the chosen one, else the latest that has some."""
    counted = [one for one in series if one.state in COUNTED]
    by_visit: dict[str, list[Series]] = {}
    for one in sorted(counted, key=lambda one: one.visit.due_on, reverse=True):
        by_visit.setdefault(one.visit.code, []).append(one)
    agreement = tell_side(participant)
    if not by_visit:
        return Images(agreement)
    code = chosen if chosen in by_visit else next(iter(by_visit))
    newest = _keep_newest(by_visit[code])
    page = reverse("participant", args=[participant.code])
    return Images(
        agreement,
        _title_of(code),
        [make_card(one) for one in newest],
        [str(one.label) for one in ASKED_OF_EVERYBODY if one not in {found.modality for found in newest}],
        [Link(_title_of(other), f"{page}?visit={other}#images-title") for other in by_visit if other != code],
    )


def _keep_newest(series: Sequence[Series]) -> list[Series]:
    """Return the last attempt of each modality, in the order film, DXA, pQCT."""
    newest: dict[str, Series] = {}
    for one in sorted(series, key=lambda one: (one.attempt, one.made_at)):
        newest[one.modality] = one
    return sorted(newest.values(), key=lambda one: PLACES[one.modality])


def _title_of(visit_code: str) -> str:
    return BY_CODE[visit_code].title if visit_code in BY_CODE else "Unscheduled"


def list_missing(
    actor: Actor, participant: Participant, visits: Sequence[Visit], series: Sequence[Series], queries: Sequence[Query]
) -> list[Link]:
    """Return what is missing or waits for an answer, each with the page where it is done."""
    links = list(missing_for(actor, participant)) if visits else []
    if may(actor, "image.view", participant.site_id):
        links += _list_missing_images(participant, visits, series)
    waiting = [one for one in queries if one.state != QueryState.CLOSED]
    links += [Link(f"Query: {name_question(one)}", reverse("query", args=[one.pk])) for one in waiting]
    return links


def _list_missing_images(participant: Participant, visits: Sequence[Visit], series: Sequence[Series]) -> list[Link]:
    page = reverse("imaging", args=[participant.code])
    done = {one.pk for one in visits if one.state == VisitState.DONE}
    counted = [one for one in series if one.state in COUNTED]
    links = []
    for visit in list_imaging_visits(participant):
        found = {one.modality for one in counted if one.visit_id == visit.pk}
        absent = [one for one in ASKED_OF_EVERYBODY if one not in found] if visit.pk in done or found else []
        links += [Link(f"{_title_of(visit.code)}: no {one.label} yet", page) for one in absent]
    repeats = [one for one in counted if one.is_repeat_asked]
    return links + [Link(f"Repeat asked: {make_card(one).title}", make_card(one).url) for one in repeats]


def _list_links(actor: Actor, participant: Participant) -> list[Link]:
    pages = (
        ("Visits and forms", "visits", "visit.view"),
        ("Imaging", "imaging", "image.view"),
        ("Measurements", "measurements-for", "measurement.view"),
    )
    site_pk = participant.site_id
    return [
        Link(words, reverse(page, args=[participant.code]))
        for words, page, action in pages
        if may(actor, action, site_pk)
    ]
