"""What the desk reads across several parts, of a study the actor has been let in to."""

from datetime import date

from django.db.models import Min
from django.utils import timezone

from cohort.participants.models import Participant
from cohort.study.models import Study


def list_first_signings(study: Study) -> list[date]:
    """Return the day of each participant's first consent; one without a consent of their own counts by enrolment."""
    found = Participant.objects.filter(study=study).annotate(signed_on=Min("consents__signed_on"))
    rows = found.values_list("signed_on", "enrolled_at")
    return [signed_on or timezone.localdate(enrolled_at) for signed_on, enrolled_at in rows]
