"""A participant's values as a table for other programs: each row says what it is, and of whom."""

import csv
import io
from collections.abc import Iterable

from cohort.imaging.models import Series
from cohort.measurements.access import MeasuredValue
from cohort.measurements.models import StrengthTest
from cohort.participants.models import Participant
from cohort.study.models import Origin
from modelling.engine.features.catalogue import describe_quantity
from portal.proof import jcs

HEAD = (
    "participant", "origin", "visit", "modality", "side", "attempt", "name", "symbol", "value", "unit", "version",
    "pixel_sha256", "definition", "source", "recipe",
)  # fmt: skip


def write_csv(participant: Participant, values: Iterable[MeasuredValue], tests: Iterable[StrengthTest] = ()) -> str:
    """Return a table of values; of simulated people its first line says so, and every row names its origin.

    A value of a mechanical test has the whole recipe beside it, as JSON: values of two recipes are never one column.
    """
    out = io.StringIO()
    if participant.origin == Origin.SIMULATED:
        out.write("# SIMULATED\r\n")
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for one in values:
        row = one.measurement
        writer.writerow(
            _write_row(participant.code, one.series, row.name, row.value, row.unit, row.version, row.pixel_sha256)
        )
    for test in tests:
        recipe = jcs.dumps(test.recipe | test.facts).decode()
        for value in test.values.all():
            told = (value.name, value.value, value.unit, test.version, test.pixel_sha256)
            writer.writerow(_write_row(participant.code, test.series, *told, recipe=recipe))
    return out.getvalue()


def _write_row(
    code: str, series: Series, name: str, value: float, unit: str, version: str, digest: str, *, recipe: str = ""
) -> list[object]:
    known = describe_quantity(name)
    origin = "SIMULATED" if series.origin == Origin.SIMULATED else series.origin
    return [
        code, origin, series.visit.code, series.modality, series.side, series.attempt, name, known.symbol,
        repr(value), unit, version, digest, known.definition, known.source, recipe,
    ]  # fmt: skip
