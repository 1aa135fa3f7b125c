"""What waits for somebody in the cohort: one line per study, each with the page where it is done."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from cohort.consent.access import list_reconsent_due
from cohort.desk.forms import DUE
from cohort.enrolment import allocate
from cohort.enrolment.access import list_screenings_for
from cohort.enrolment.models import ScreeningState
from cohort.enrolment.opening import SHARES, SHARES_WANTED, list_conditions
from cohort.participants.access import list_participants_for
from cohort.study.access import list_studies_for
from cohort.study.models import Study, StudyState
from cohort.study.protocol import compute_protocol_sha256
from frontend.parts import Waiting
from portal.roles.actors import Actor
from portal.roles.policy import may


def list_waiting_for(actor: Actor) -> list[Waiting]:
    """Return what waits for the actor, of what the actor may do."""
    if not actor.is_known or not may(actor, "study.view"):
        return []
    today = timezone.localdate()
    found: list[Waiting] = []
    for study in list_studies_for(actor):
        if study.state == StudyState.SETTING_UP:
            found += _before_opening(actor, study)
        elif may(actor, "participant.screen"):
            found += _at_the_desk(actor, study, today)
    if may(actor, "consent.give"):
        found += _asked_again(actor, today)
    return found


def _at_the_desk(actor: Actor, study: Study, today: date) -> Iterator[Waiting]:
    counts = (
        list_screenings_for(actor)
        .filter(study=study)
        .order_by()
        .aggregate(
            eligible=Count("pk", filter=Q(state=ScreeningState.ELIGIBLE)),
            over=Count("pk", filter=Q(state=ScreeningState.DEFERRED, defer_until__lte=today)),
        )
    )
    page = reverse("screenings", args=[study.code])
    yield Waiting(
        counts["eligible"],
        _say(counts["eligible"], "eligible person is", "eligible persons are", f"not enrolled yet in {study}"),
        f"{page}?state={ScreeningState.ELIGIBLE}",
        "soon",
    )
    yield Waiting(
        counts["over"],
        _say(counts["over"], "deferred person's wait is", "deferred persons' waits are", f"over in {study}"),
        f"{page}?state={ScreeningState.DEFERRED}",
        "soon",
    )


def _asked_again(actor: Actor, today: date) -> Iterator[Waiting]:
    n = list_reconsent_due(list_participants_for(actor), today).count()
    words = _say(n, "participant is", "participants are", "to be asked for consent again")
    yield Waiting(n, words, f"{reverse('participants')}?state={DUE}", "soon")


def _before_opening(actor: Actor, study: Study) -> Iterator[Waiting]:
    page = reverse("study", args=[study.code])
    missing = [one for one in list_conditions(study) if not one.is_met]
    if may(actor, "draw.give_nonce"):
        givers = allocate.list_givers(study, compute_protocol_sha256(study))
        is_wanted = actor.user_pk not in givers and len(givers) < SHARES_WANTED
        words = f"share of the draw of {study} is wanted from you"
        yield Waiting(int(is_wanted), words, reverse("study-draw", args=[study.code]), "now")
    if may(actor, "study.open_enrolment"):
        words = _say(len(missing), "thing is", "things are", f"missing before enrolment in {study} can open")
        yield Waiting(len(missing), words, page, "soon")
        yield Waiting(int(not missing), f"study is ready to open: {study}", page, "now")
    elif may(actor, "study.set_up"):
        own = [one for one in missing if one.key != SHARES]
        words = _say(len(own), "thing is", "things are", f"missing in the set-up of {study}")
        yield Waiting(len(own), words, page, "soon")


def _say(n: int, one: str, many: str, rest: str) -> str:
    return f"{one if n == 1 else many} {rest}"
