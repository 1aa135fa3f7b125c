"""Is this the same person? Answers are yes or no; nothing is opened to anybody."""

import uuid

from django.conf import settings

from cohort.deid.fingerprints import fold_and_digest, make_fingerprints
from cohort.identity.models import Person
from cohort.identity.sealing import Identity, name_digest, number_digest, unseal


def is_known_person(study_pk: uuid.UUID, identity: Identity, other_than: uuid.UUID | None = None) -> bool:
    """True if the study holds a person of this name and birth date, or of this hospital number."""
    people = Person.objects.filter(study_id=study_pk).exclude(participant_id=other_than or uuid.UUID(int=0))
    if people.filter(name_digest=name_digest(identity, settings.IDENTITY_KEY)).exists():
        return True
    number = number_digest(identity, settings.IDENTITY_KEY)
    return bool(number) and people.filter(number_digest=number).exists()


def fingerprint_participant(participant_pk: uuid.UUID, code: str, salt: str) -> list[str]:
    """Return keyed digests of who a participant is, for the reader of an upload to compare a file's header with.

    salt: hexadecimal, new for each upload, so that two uploads' digests tell nothing together. In the order of
    `make_fingerprints`; of somebody whose identity is not kept only the research code's.
    """
    person = Person.objects.filter(participant_id=participant_pk).first()
    if person is None:
        return ["", "", fold_and_digest(salt, "code", code), ""]
    identity = unseal(bytes(person.sealed), settings.IDENTITY_KEY)
    return make_fingerprints(
        salt,
        family_name=identity.family_name,
        given_name=identity.given_name,
        birth_date=identity.birth_date,
        hospital_number=identity.hospital_number,
        code=code,
    )
