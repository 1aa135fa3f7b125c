"""How old a participant was on a day: the one thing a form needs from the sealed part, and all it gets."""

from datetime import date

from django.conf import settings

from cohort.enrolment.services import completed_years
from cohort.identity.models import Person
from cohort.identity.sealing import unseal
from cohort.participants.models import Participant


def find_age(participant: Participant, day: date) -> int | None:
    """Return the age in completed years on a day; None where no birth date is kept (public data, erased)."""
    person = Person.objects.filter(participant_id=participant.pk).first()
    if person is None:
        return None
    return completed_years(unseal(bytes(person.sealed), settings.IDENTITY_KEY).birth_date, day)
