"""What the pages show of measurements."""

from collections.abc import Iterable

from django.utils import timezone

from cohort.measurements.access import MeasuredValue
from frontend.parts import Column, Row, Table
from frontend.units import with_unit
from modelling.engine.features.catalogue import describe_quantity
from portal.core.dates import write_day_short


def make_measurements_table(values: Iterable[MeasuredValue]) -> Table:
    """Return measured values with what they were measured in."""
    rows: list[Row] = []
    for one in values:
        row, series = one.measurement, one.series
        quantity = describe_quantity(row.name)
        number = f"{row.value:.{quantity.decimals}f}"
        rows.append(
            [
                quantity.title,
                with_unit(number, "" if row.unit == "1" else row.unit).strip(),
                f"{series.get_modality_display()}, {series.get_side_display().lower()}, attempt {series.attempt}",
                row.version,
                write_day_short(timezone.localdate(row.made_at)),
            ]
        )
    columns = ("Quantity", Column("Value", is_number=True), "Measured in", "Version", "Measured on")
    return Table("Measurements", columns, rows, empty="Nothing is measured yet; images are measured by themselves.")
