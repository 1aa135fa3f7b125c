"""The one write of measurements: what a measuring job found in one series."""

import math
from collections.abc import Sequence

from django.db import router

from cohort.imaging.models import Series
from cohort.measurements.models import OUTCOME_FAMILY, BaseMeasurement, Measurement, OutcomeMeasurement
from modelling.engine.features.catalogue import QUANTITIES, Value
from portal.audit.context import joined, name_subject, service
from portal.core.errors import Refused
from portal.roles.actors import Actor
from portal.roles.policy import require


@service("measurement.record")
def record_measurements(*, actor: Actor, series: Series, version: str, values: Sequence[Value]) -> int:
    """Write the values measured in a series and return how many; those of a DXA go to the closed schema.

    Raises Refused for a name that is not of the catalogue or not of this modality, and for a value that is not
    finite; a value that was written before by this version is the database's to refuse.
    """
    require(actor, "measurement.record")
    for one in values:
        _refuse_unfit(one, series)
    name_subject(f"series {series.pk}")
    rows = [_make_row(one, series, version) for one in values]
    Measurement.objects.bulk_create([one for one in rows if isinstance(one, Measurement)])
    closed = [one for one in rows if isinstance(one, OutcomeMeasurement)]
    if closed:
        # A worker has no address of the clinic's role: it inserts as itself, and may not read what it inserted.
        alias = router.db_for_write(OutcomeMeasurement)
        with joined(alias):
            OutcomeMeasurement.objects.using(alias).bulk_create(closed)
    return len(rows)


def _refuse_unfit(value: Value, series: Series) -> None:
    known = QUANTITIES.get(value.name)
    if known is None:
        raise Refused(f"'{value.name}' is no quantity of the catalogue")
    if known.modality != series.modality:
        raise Refused(f"'{value.name}' is not measured in an image of the kind '{series.modality}'")
    if not math.isfinite(value.value):
        raise Refused(f"'{value.name}' is not finite")


def _make_row(value: Value, series: Series, version: str) -> BaseMeasurement:
    kind = OutcomeMeasurement if value.name.startswith(OUTCOME_FAMILY) else Measurement
    return kind(
        participant_id=series.participant_id,
        series_id=series.pk,
        origin=series.origin,
        name=value.name,
        unit=QUANTITIES[value.name].unit,
        value=value.value,
        version=version,
        pixel_sha256=series.pixel_sha256,
    )
