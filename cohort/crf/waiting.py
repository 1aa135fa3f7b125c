"""What waits at the visits: due today, overdue, forms left half entered."""

from django.urls import reverse
from django.utils import timezone

from cohort.crf.access import due_visits_for, list_half_entered
from cohort.participants.models import Visit
from frontend.parts import Waiting
from portal.roles.actors import Actor
from portal.roles.policy import may


def list_waiting_for(actor: Actor) -> list[Waiting]:
    """Return the visits that are due or overdue, and the forms begun and not completed, of who may do something."""
    if not actor.is_known or not may(actor, "visit.begin"):
        return []
    today = timezone.localdate()
    visits = list(due_visits_for(actor, today))
    overdue = [one for one in visits if one.standing_on(today) == "overdue"]
    due_today = [one for one in visits if one.due_on == today]
    in_window = [one for one in visits if one not in overdue and one not in due_today]
    half = list_half_entered(actor)
    return [
        Waiting(len(due_today), _say(len(due_today), "visit is", "visits are", "due today"), _page(due_today), "now"),
        Waiting(len(overdue), _say(len(overdue), "visit is", "visits are", "overdue"), _page(overdue), "now"),
        Waiting(
            len(in_window),
            _say(len(in_window), "visit is", "visits are", "due, and the window still open"),
            _page(in_window),
            "soon",
        ),
        Waiting(len(half), _say(len(half), "visit has", "visits have", "forms half entered"), _page(half), "soon"),
    ]


def _page(visits: list[Visit]) -> str:
    if len(visits) == 1:
        return reverse("visit", args=[visits[0].participant.code, visits[0].code])
    return reverse("visits-due")


def _say(n: int, one: str, many: str, rest: str) -> str:
    return f"{one if n == 1 else many} {rest}"
