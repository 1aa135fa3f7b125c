"""A participant's values as a table for other programs: each row says what it is, and of whom."""

import csv
import io
from collections.abc import Iterable

from cohort.measurements.access import MeasuredValue
from cohort.participants.models import Participant
from cohort.study.models import Origin
from modelling.engine.features.catalogue import describe_quantity

HEAD = (
    "participant", "origin", "visit", "modality", "side", "attempt", "name", "symbol", "value", "unit", "version",
    "pixel_sha256", "definition", "source",
)  # fmt: skip


def write_csv(participant: Participant, values: Iterable[MeasuredValue]) -> str:
    """Return a table of values; of simulated people its first line says so, and every row names its origin."""
    out = io.StringIO()
    if participant.origin == Origin.SIMULATED:
        out.write("# SIMULATED\r\n")
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for one in values:
        row, series = one.measurement, one.series
        known = describe_quantity(row.name)
        origin = "SIMULATED" if row.origin == Origin.SIMULATED else row.origin
        writer.writerow(
            [
                participant.code, origin, series.visit.code, series.modality, series.side, series.attempt, row.name,
                known.symbol, repr(row.value), row.unit, row.version, row.pixel_sha256, known.definition, known.source,
            ]
        )  # fmt: skip
    return out.getvalue()
