"""The only way to get measurements for an actor. Values of a DXA are for who cares, not for who builds or judges."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from cohort.crf.access import COMPLETE
from cohort.crf.store import list_records
from cohort.imaging.models import Modality, Series
from cohort.measurements.models import BaseMeasurement, Measurement, OutcomeMeasurement, Picture, Remark
from cohort.participants.models import Participant
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY, may, require

About = TypeVar("About", Picture, Remark)

PRINTED = ("dxa_bmd", "dxa_bmc", "dxa_area")
"""Questions of the form on DXA that ask for what the scanner printed of a region."""


@dataclass(frozen=True)
class MeasuredValue:
    """A value with the series it was measured in."""

    measurement: BaseMeasurement
    series: Series


def list_measurements_for(actor: Actor, participant: Participant) -> list[MeasuredValue]:
    """Return a participant's values by the newest version of each, in the order of series and name.

    Those of a DXA are among them only for who may see outcomes of imaging at this site.
    """
    require(actor, "measurement.view", participant.site_id)
    series = {one.pk: one for one in Series.objects.filter(participant=participant).select_related("visit")}
    rows: list[BaseMeasurement] = list(Measurement.objects.filter(participant=participant))
    if may_see_outcomes(actor, participant):
        rows += OutcomeMeasurement.objects.filter(participant_id=participant.pk)
    newest = _keep_newest(rows)
    found = [MeasuredValue(one, series[_series_of(one)]) for one in newest]
    return sorted(found, key=lambda one: (one.series.modality, one.series.made_at, one.measurement.name))


def may_see_outcomes(actor: Actor, participant: Participant) -> bool:
    """True for who may see what a DXA of this participant gave."""
    return may(actor, "outcome.view_imaging", participant.site_id)


def _keep_newest(rows: Iterable[BaseMeasurement]) -> list[BaseMeasurement]:
    newest: dict[tuple[UUID, str], BaseMeasurement] = {}
    for one in sorted(rows, key=lambda row: row.made_at):
        newest[_series_of(one), one.name] = one
    return list(newest.values())


def _series_of(row: BaseMeasurement) -> UUID:
    found: UUID = row.series_id  # type: ignore[attr-defined]
    return found


def list_pictures_for(actor: Actor, participant: Participant) -> list[Picture]:
    """Return the newest picture of each kind of a participant's series; of a DXA, for who may see outcomes."""
    newest = {(one.series_id, one.kind): one for one in _list_about(Picture.objects.all(), actor, participant)}
    return list(newest.values())


def get_picture_for(actor: Actor, pk: UUID) -> Picture:
    """Return the picture if the actor may see it; another site's, or a closed one, is a 404 like any unknown one."""
    require(actor, "measurement.view")
    sites = actor.sites_as(WHO_MAY["measurement.view"])
    found = Picture.objects.select_related("participant", "series")
    picture = get_object_or_404(found if sites is None else found.filter(participant__site__in=sites), pk=pk)
    if picture.series.modality == Modality.DXA and not may_see_outcomes(actor, picture.participant):
        raise Http404
    return picture


def list_remarks_for(actor: Actor, participant: Participant) -> list[Remark]:
    """Return what the newest measuring of each of a participant's series has to say; of a DXA, as the values."""
    found = _list_about(Remark.objects.all(), actor, participant)
    newest = {one.series_id: one.version for one in found}
    return [one for one in found if one.version == newest[one.series_id]]


def _list_about(rows: QuerySet[About], actor: Actor, participant: Participant) -> list[About]:
    """Return rows beside the values, the oldest first."""
    require(actor, "measurement.view", participant.site_id)
    found = rows.filter(participant=participant).select_related("series").order_by("made_at", "pk")
    return list(found if may_see_outcomes(actor, participant) else found.exclude(series__modality=Modality.DXA))


def list_device_rows_for(actor: Actor, participant: Participant) -> dict[tuple[UUID, str], dict[str, float]]:
    """Return what the scanner itself printed of forearm regions: (visit, region) -> variable -> value.

    Empty for who may not see outcomes. Only forms that are complete count.
    """
    if not may_see_outcomes(actor, participant):
        return {}
    visits = [one.pk for one in participant.visits.all()]
    rows = [one for one in list_records(visits, ["dxa"]) if one.state in COMPLETE]
    return {
        (row.visit_id, str(row.answers.get("dxa_roi"))): {
            variable: float(value) for variable, value in row.answers.items() if variable in PRINTED and value != ""
        }
        for row in rows
    }
