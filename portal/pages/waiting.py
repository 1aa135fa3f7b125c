"""What waits for somebody: each part of the house says it for itself, here it is put in order."""

from collections.abc import Callable, Iterable

from cohort.crf.waiting import list_waiting_for as list_visits_waiting_for
from cohort.desk.waiting import list_waiting_for as list_cohort_waiting_for
from cohort.imaging.waiting import list_waiting_for as list_images_waiting_for
from cohort.quality.waiting import list_waiting_for as list_queries_waiting_for
from frontend.parts import Waiting
from modelling.blinded.waiting import list_waiting_for as list_evaluations_waiting_for
from portal.roles.actors import Actor

Source = Callable[[Actor], Iterable[Waiting]]

SOURCES: tuple[Source, ...] = (
    list_cohort_waiting_for,
    list_visits_waiting_for,
    list_images_waiting_for,
    list_queries_waiting_for,
    list_evaluations_waiting_for,
)
"""Each takes the actor and answers what waits, of what the actor may see; a count of 0 is left out."""

_ORDER = {"now": 0, "soon": 1, "calm": 2}


def list_waiting_for(actor: Actor, sources: Iterable[Source] = SOURCES) -> list[Waiting]:
    """Return what waits for the actor, the most urgent first and among equals the most numerous."""
    found = [waiting for source in sources for waiting in source(actor) if waiting.count > 0]
    return sorted(found, key=lambda waiting: (_ORDER[waiting.urgency], -waiting.count, waiting.sentence))
