"""Writes of participants and their planned visits. Enrolling, which adds both, is `cohort.enrolment`'s."""

import uuid
from datetime import date

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from cohort.participants.models import Participant, Visit
from cohort.study.models import Study
from cohort.study.schedule import plan
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


@service("participant.enrol")
def plan_visits(*, actor: Actor, participant: Participant, baseline_on: date) -> list[Visit]:
    """Plan the visits of somebody newly enrolled, from the day of the baseline on."""
    require(actor, "participant.enrol", participant.site_id)
    visits = [
        Visit(
            participant=participant,
            origin=participant.origin,
            code=kind.code,
            due_on=days.due_on,
            opens_on=days.opens_on,
            closes_on=days.closes_on,
        )
        for kind, days in plan(baseline_on)
    ]
    return Visit.objects.bulk_create(visits)


def _next_number(site: Site) -> int:
    # Two nurses of one site at the same moment: the second waits for the first to commit.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('participants.' || %s::text))", [site.prefix])
    return (Participant.objects.filter(site=site).aggregate(last=Max("number"))["last"] or 0) + 1
