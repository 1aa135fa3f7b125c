"""The only way to get measurements for an actor. Values of a DXA are for who cares, not for who builds or judges."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from cohort.imaging.models import Series
from cohort.measurements.models import BaseMeasurement, Measurement, OutcomeMeasurement
from cohort.participants.models import Participant
from portal.roles.actors import Actor
from portal.roles.policy import may, require


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
