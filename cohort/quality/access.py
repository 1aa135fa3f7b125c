"""The only way to get queries: those of the actor's own sites, and of forms the actor may look into."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from cohort.crf.actions import NOT_HERE, actions_of
from cohort.participants.models import Participant
from cohort.quality.models import Query
from cohort.study.dictionary import load_dictionary
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY, may, require


def list_forms_to_ask(actor: Actor) -> list[str]:
    """Return the forms of the dictionary that the actor may look into at some site."""
    return [code for code in load_dictionary().forms if code not in NOT_HERE and may(actor, actions_of(code).view)]


def list_queries_for(actor: Actor) -> QuerySet[Query]:
    """Return the queries of the actor's sites, the newest first."""
    require(actor, "query.view")
    sites = actor.sites_as(WHO_MAY["query.view"])
    found = Query.objects.select_related("participant__site", "participant__study", "visit", "raised_by")
    found = found.filter(form__in=list_forms_to_ask(actor))
    return found if sites is None else found.filter(participant__site__in=sites)


def list_queries_of(actor: Actor, participant: Participant) -> QuerySet[Query]:
    """Return the queries about one participant."""
    return list_queries_for(actor).filter(participant=participant)


def get_query_for(actor: Actor, pk: UUID) -> Query:
    """Return one query; another site's is a 404 like any unknown one."""
    return get_object_or_404(list_queries_for(actor), pk=pk)
