"""What waits in queries: an answer from the nurse, a word from who raised them."""

from django.urls import reverse

from cohort.quality.access import list_queries_for
from cohort.quality.models import QueryState
from cohort.quality.states import WAITS_FOR_ANSWER
from frontend.parts import Waiting
from portal.roles.actors import Actor
from portal.roles.policy import may


def list_waiting_for(actor: Actor) -> list[Waiting]:
    """Return the queries that wait for this actor to do something."""
    if not actor.is_known or not may(actor, "query.view"):
        return []
    found: list[Waiting] = []
    queries = list_queries_for(actor)
    if may(actor, "query.answer"):
        n = queries.filter(state__in=WAITS_FOR_ANSWER).count()
        found.append(Waiting(n, f"{'query waits' if n == 1 else 'queries wait'} for an answer", _page("open"), "soon"))
    if may(actor, "query.close"):
        n = queries.filter(state=QueryState.ANSWERED, raised_by=actor.user_pk).count()
        words = f"{'query of yours is' if n == 1 else 'queries of yours are'} answered"
        found.append(Waiting(n, words, _page("answered"), "calm"))
    return found


def _page(state: str) -> str:
    return f"{reverse('queries')}?state={state}"
