"""Opening an identity: own site, audited, never joined with research data."""

from django.conf import settings

from cohort.identity.models import Person
from cohort.identity.sealing import Identity, unseal
from cohort.participants.models import Participant
from portal.audit.record import record_read
from portal.roles.actors import Actor
from portal.roles.policy import require


def reveal_identity(actor: Actor, participant: Participant) -> Identity | None:
    """Return who the participant is and record that the actor looked; None if the identity was erased."""
    require(actor, "identity.reveal", participant.site_id)
    record_read(actor, "identity", participant.code)
    person = Person.objects.filter(participant_id=participant.pk).first()
    return unseal(bytes(person.sealed), settings.IDENTITY_KEY) if person else None
