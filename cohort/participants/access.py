"""The only way to get participants and their visits: those of the actor's own sites."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from cohort.participants.models import Participant, Visit
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY, require


def list_participants_for(actor: Actor) -> QuerySet[Participant]:
    """Return the participants of the sites where the actor may see them."""
    require(actor, "participant.view")
    sites = actor.sites_as(WHO_MAY["participant.view"])
    found = Participant.objects.select_related("site", "study")
    return found if sites is None else found.filter(site__in=sites)


def get_participant_for(actor: Actor, code: str) -> Participant:
    """Return the participant if the actor may see it; another site's code is a 404 like any unknown one."""
    return get_object_or_404(list_participants_for(actor), code=code)


def list_visits_for(actor: Actor) -> QuerySet[Visit]:
    """Return the visits of the participants the actor may see."""
    return Visit.objects.filter(participant__in=list_participants_for(actor)).select_related(
        "participant__site", "participant__study"
    )


def get_visit_for(actor: Actor, code: str, visit_code: str) -> Visit:
    """Return one visit of one participant; what is not theirs to see is a 404 like what is not there."""
    return get_object_or_404(list_visits_for(actor), participant__code=code, code=visit_code)
