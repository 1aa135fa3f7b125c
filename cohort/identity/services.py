"""Writes of identities, on their own role's connection, under the act that is open."""

import uuid

from django.conf import settings
from django.db import IntegrityError

from cohort.identity.models import Person
from cohort.identity.sealing import Identity, name_digest, number_digest, seal
from portal.audit.context import joined
from portal.core.errors import Refused

ALIAS = "identity"
KNOWN_ALREADY = "a person of this name and birth date, or of this hospital number, is in the study already"


def keep_identity(*, participant_pk: uuid.UUID, study_pk: uuid.UUID, identity: Identity) -> None:
    """Seal and keep an identity; calling it again for the same participant replaces what it kept.

    It commits on its own connection before the participant does. If the rest then fails, what stays is a sealed
    record that no participant points to; the same enrolment tried again takes it over.
    """
    try:
        _keep(participant_pk, study_pk, identity)
    except IntegrityError:
        # Another enrolment of the same person committed a moment ago.
        raise Refused(KNOWN_ALREADY) from None


def _keep(participant_pk: uuid.UUID, study_pk: uuid.UUID, identity: Identity) -> None:
    with joined(ALIAS):
        Person.objects.using(ALIAS).update_or_create(
            participant_id=participant_pk,
            defaults={
                "study_id": study_pk,
                "sealed": seal(identity, settings.IDENTITY_KEY),
                "name_digest": name_digest(identity, settings.IDENTITY_KEY),
                "number_digest": number_digest(identity, settings.IDENTITY_KEY),
            },
        )
