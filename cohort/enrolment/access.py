"""The only way to get screenings: those of the actor's own sites."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from cohort.enrolment.models import Screening
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY, require


def list_screenings_for(actor: Actor) -> QuerySet[Screening]:
    """Return the screenings of the sites where the actor may see participants."""
    require(actor, "participant.view")
    sites = actor.sites_as(WHO_MAY["participant.view"])
    found = Screening.objects.select_related("site", "study", "participant")
    return found if sites is None else found.filter(site__in=sites)


def get_screening_for(actor: Actor, pk: UUID) -> Screening:
    """Return one screening; another site's is a 404 like any unknown one."""
    return get_object_or_404(list_screenings_for(actor), pk=pk)
