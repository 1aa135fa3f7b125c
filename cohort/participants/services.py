"""Writes of participants. Enrolling, which adds them, is `cohort.enrolment`'s."""

import uuid

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from cohort.participants.models import Participant
from cohort.study.models import Study
from portal.audit.context import service
from portal.core.ids import make_code
from portal.roles.actors import Actor
from portal.roles.policy import require
from portal.sites.models import Site


@service("participant.enrol")
def add_participant(
    *, actor: Actor, participant_pk: uuid.UUID, study: Study, site: Site, sex: str, birth_year: int
) -> Participant:
    """Add a participant with the site's next research code."""
    require(actor, "participant.enrol", site.pk)
    number = _next_number(site)
    return Participant.objects.create(
        pk=participant_pk,
        study=study,
        site=site,
        origin=study.origin,
        code=make_code(site.prefix, number),
        number=number,
        sex=sex,
        birth_year=birth_year,
        enrolled_at=timezone.now(),
    )


def _next_number(site: Site) -> int:
    # Two nurses of one site at the same moment: the second waits for the first to commit.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('participants.' || %s::text))", [site.prefix])
    return (Participant.objects.filter(site=site).aggregate(last=Max("number"))["last"] or 0) + 1
