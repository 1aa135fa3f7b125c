"""Mechanical tests by finite elements: who may see them, and the write of what one gave."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from cohort.consent.models import Level
from cohort.imaging.models import Modality, Series
from cohort.measurements.models import StrengthTest, StrengthValue
from cohort.participants.models import Participant
from modelling.engine.features.catalogue import STRENGTHS
from portal.audit.context import name_subject, service
from portal.core.dates import write_day
from portal.core.errors import Refused
from portal.core.hashing import sha256_file
from portal.core.storage import put_file
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY, require


def list_strength_tests_for(actor: Actor, participant: Participant) -> QuerySet[StrengthTest]:
    """Return the tests of a participant's series, the newest first."""
    require(actor, "measurement.view", participant.site_id)
    return _everything().filter(participant=participant).order_by("-asked_at")


def get_strength_test_for(actor: Actor, pk: UUID) -> StrengthTest:
    """Return the test if the actor may see it; another site's is a 404 like any unknown one."""
    require(actor, "measurement.view")
    sites = actor.sites_as(WHO_MAY["measurement.view"])
    found = _everything()
    return get_object_or_404(found if sites is None else found.filter(participant__site__in=sites), pk=pk)


def _everything() -> QuerySet[StrengthTest]:
    found = StrengthTest.objects.select_related("participant", "series__visit", "job__lease")
    return found.prefetch_related("values")


def refuse_untestable(series: Series) -> None:
    """Raise Refused for an image that is no calibrated HR-pQCT volume in use, or whose participant took back all use.

    A section has a rigidity; only a volume of bone can be tested.
    """
    if series.modality != Modality.HRPQCT:
        raise Refused(f"{series} is of the kind '{series.modality}'; wanted an HR-pQCT volume")
    if series.state not in ("accepted", "in_use"):
        raise Refused(f"{series} is '{series.state}'; wanted one that is accepted or in use")
    if series.kind != "density" or series.spacing_is == "none":
        raise Refused(f"{series} has values in '{series.unit}' or no size of its voxels; wanted mg HA/cm3 and mm")
    gone = series.participant.withdrawals.filter(level__gte=Level.NO_FURTHER_USE).order_by("withdrawn_on").first()
    if gone is not None:
        words = Level(gone.level).label.lower()
        raise Refused(
            f"{series.participant.code} may not be tested: withdrawn on {write_day(gone.withdrawn_on)}: {words}"
        )


@service("measurement.record")
def record_strength(
    *,
    actor: Actor,
    test: StrengthTest,
    values: Sequence[tuple[str, float]],
    facts: Mapping[str, Any],
    files: Mapping[str, tuple[Path, str]],
) -> None:
    """Write down what a test gave. files: `field` and `picture`, each with its SHA-256 as it was reported.

    Raises Refused for a value of another load or none of the catalogue, one that is not finite or not above 0, and a
    file that is not the one that was reported.
    """
    require(actor, "measurement.record")
    refuse_untestable(test.series)
    _refuse_unfit(values, test.direction)
    for name, (path, sha256) in files.items():
        if sha256_file(path) != sha256:
            raise Refused(f"the {name} that was written is not the one that was reported")
    name_subject(f"series {test.series_id}")
    StrengthValue.objects.bulk_create(
        [
            StrengthValue(
                test=test, participant_id=test.participant_id, name=name, unit=STRENGTHS[name].unit, value=value
            )
            for name, value in values
        ]
    )
    StrengthTest.objects.filter(pk=test.pk).update(
        facts=dict(facts),
        field_sha256=put_file(files["field"][0]),
        picture_sha256=put_file(files["picture"][0]),
        tested_at=timezone.now(),
    )


def _refuse_unfit(values: Iterable[tuple[str, float]], direction: str) -> None:
    wanted = {one.name for one in STRENGTHS.values() if (one.site or "z") == direction}
    found = dict(values)
    if set(found) != wanted:
        raise Refused(f"the values are {', '.join(sorted(found))}; wanted {', '.join(sorted(wanted))}")
    for name, value in found.items():
        if not (math.isfinite(value) and value > 0):
            raise Refused(f"'{name}' is {value}; wanted a finite number above 0")
