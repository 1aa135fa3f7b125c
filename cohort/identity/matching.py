"""Is this the same person? Answers are yes or no; nothing is opened."""

import uuid

from django.conf import settings

from cohort.identity.models import Person
from cohort.identity.sealing import Identity, name_digest, number_digest


def is_known_person(study_pk: uuid.UUID, identity: Identity, other_than: uuid.UUID | None = None) -> bool:
    """True if the study holds a person of this name and birth date, or of this hospital number."""
    people = Person.objects.filter(study_id=study_pk).exclude(participant_id=other_than or uuid.UUID(int=0))
    if people.filter(name_digest=name_digest(identity, settings.IDENTITY_KEY)).exists():
        return True
    number = number_digest(identity, settings.IDENTITY_KEY)
    return bool(number) and people.filter(number_digest=number).exists()
