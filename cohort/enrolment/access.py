"""The only way to get screenings: those of the actor's own sites. And who gave a share of the draw."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from cohort.enrolment import allocate
from cohort.enrolment.models import Screening
from cohort.participants.models import Participant
from cohort.study.models import Study
from portal.audit.access import name_actors
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


def find_screening_of(participant: Participant) -> Screening | None:
    """Return the screening a participant was enrolled from, for who has been let in to the participant."""
    return Screening.objects.select_related("study", "site").filter(participant=participant).first()


def list_share_givers(study: Study, protocol_sha256: str) -> list[tuple[UUID, str]]:
    """Return who gave a share of the draw for this protocol, by key and name; what they gave is never read here."""
    givers = allocate.list_givers(study, protocol_sha256)
    names = name_actors(f"user:{pk}" for pk in givers)
    return [(pk, names[f"user:{pk}"]) for pk in givers]
