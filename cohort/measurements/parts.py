"""What the pages show of measurements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.urls import reverse

from cohort.imaging.models import Modality, Series
from cohort.measurements.access import MeasuredValue
from cohort.measurements.charts import make_band_chart
from cohort.measurements.expected import find_expected
from cohort.measurements.models import BaseMeasurement, Picture, Remark, StrengthTest
from cohort.measurements.strength_parts import ShownStrength, make_strengths
from frontend.parts import Cell, Chart, Column, Row, Table
from frontend.units import MISSING, with_unit, write_unit
from modelling.engine.features.catalogue import QUANTITIES, STRENGTHS, VERSION, Quantity, describe_quantity
from modelling.engine.features.drawing import LEGENDS
from modelling.engine.features.precision import is_significant, least_change

DeviceRows = Mapping[tuple[UUID, str], Mapping[str, float]]

_REGION = {"ud": "R_UD", "mid": "R_MID", "33": "R_33", "total": "R_TOT"}
_PRINTED = {"abmd": "dxa_bmd", "bmc": "dxa_bmc", "area": "dxa_area"}


@dataclass(frozen=True)
class ShownPicture:
    """A picture with its address and what its colours mean."""

    url: str
    title: str
    legend: str


@dataclass(frozen=True)
class Shown:
    """One series: its title, pictures, values, where they lie in what is expected, and what was said of it."""

    title: str
    dom_id: str
    pictures: Sequence[ShownPicture]
    table: Table
    band: Chart | None
    notes: Sequence[str]
    left_out: Sequence[tuple[str, str]]
    strengths: Sequence[ShownStrength] = ()
    strength_url: str = ""
    """The page where a mechanical test is asked for; of a volume of bone alone."""


def make_series(
    values: Iterable[MeasuredValue],
    pictures: Iterable[Picture],
    remarks: Iterable[Remark],
    device: DeviceRows,
    tests: Iterable[StrengthTest] = (),
) -> list[Shown]:
    """Return what is shown of each series that was measured or tested, in the order of modality and time."""
    series: dict[UUID, Series] = {}
    tested: dict[UUID, list[StrengthTest]] = defaultdict(list)
    for test in tests:
        series.setdefault(test.series_id, test.series)
        tested[test.series_id].append(test)
    rows: dict[UUID, list[BaseMeasurement]] = defaultdict(list)
    for value in values:
        series[value.series.pk] = value.series
        rows[value.series.pk].append(value.measurement)
    shown: dict[UUID, list[Picture]] = defaultdict(list)
    for picture in pictures:
        series.setdefault(picture.series_id, picture.series)
        shown[picture.series_id].append(picture)
    said: dict[UUID, list[Remark]] = defaultdict(list)
    for remark in remarks:
        series.setdefault(remark.series_id, remark.series)
        said[remark.series_id].append(remark)
    ordered = sorted(series.values(), key=lambda one: (list(Modality.values).index(one.modality), one.made_at))
    found = [_make_one(one, rows[one.pk], shown[one.pk], said[one.pk], device) for one in ordered]
    return [_add_strengths(one, of, tested[of.pk]) for one, of in zip(found, ordered, strict=True)]


def _add_strengths(shown: Shown, series: Series, tests: Sequence[StrengthTest]) -> Shown:
    if series.modality != Modality.HRPQCT:
        return shown
    return replace(shown, strengths=make_strengths(tests), strength_url=reverse("strength", args=[series.pk]))


def _make_one(
    series: Series,
    rows: Sequence[BaseMeasurement],
    pictures: Sequence[Picture],
    remarks: Sequence[Remark],
    device: DeviceRows,
) -> Shown:
    place = list(QUANTITIES)
    ordered = sorted(rows, key=lambda one: place.index(one.name))
    title = f"{series.get_modality_display()}, {series.get_side_display().lower()}, attempt {series.attempt}"
    title += f", visit {series.visit.code}"
    return Shown(
        title=title,
        dom_id=f"measured-{series.pk}",
        pictures=[
            ShownPicture(
                reverse("measurement-picture", args=[one.pk]),
                f"{one.get_kind_display()}: {title}",
                LEGENDS.get((series.modality, one.kind), ""),
            )
            for one in pictures
        ],
        table=make_table(title, series, ordered, device),
        band=make_band_chart(str(series.pk), [(describe_quantity(one.name), one.value) for one in ordered]),
        notes=[one.words for one in remarks if not one.name],
        left_out=_group_left_out(remarks),
    )


def _group_left_out(remarks: Iterable[Remark]) -> list[tuple[str, str]]:
    """Return each reason once, with the quantities it took."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in remarks:
        if one.name:
            by_reason[one.words].append(QUANTITIES[one.name].title if one.name in QUANTITIES else one.name)
    return [(", ".join(names), words) for words, names in by_reason.items()]


def make_table(title: str, series: Series, rows: Sequence[BaseMeasurement], device: DeviceRows) -> Table:
    """Return the values of one series with unit, expected range and, of a DXA, what the scanner printed."""
    is_dxa = series.modality == Modality.DXA
    lines: list[Row] = []
    for row in rows:
        known = describe_quantity(row.name)
        line: list[Cell | str | int | float] = [known.title, known.symbol, _write(row.value, known)]
        line.append(_compare(row, known, series, device) if is_dxa else _say_expected(row.value, known))
        lines.append(line)
    last = "Printed by the scanner" if is_dxa else "Expected"
    versions = ", ".join(sorted({row.version for row in rows})) or VERSION
    columns = ("Quantity", "Symbol", Column("Value", is_number=True), last)
    empty = "Nothing could be measured in this image; the reasons stand below."
    return Table(title, columns, lines, note=f"version {versions} of the measuring", empty=empty)


def _write(value: float, known: Quantity) -> str:
    return with_unit(f"{value:.{known.decimals}f}", "" if known.unit == "1" else known.unit).strip()


def _say_expected(value: float, known: Quantity) -> Cell:
    expected = find_expected(known)
    if expected is None:
        return Cell(MISSING)
    return Cell(expected.words, note="" if expected.holds(value) else "outside of what is expected")


def _compare(row: BaseMeasurement, known: Quantity, series: Series, device: DeviceRows) -> Cell:
    """Return what the scanner printed of the same region, and whether the two differ by more than the LSC."""
    what, _, region = known.name.partition(".")[2].partition("_")
    printed = device.get((series.visit_id, _REGION[region]), {}).get(_PRINTED[what])
    if printed is None:
        return Cell(MISSING)
    least = least_change(known, printed)
    if least is None:
        return Cell(_write(printed, known))
    word = "differs by more than" if is_significant(row.value - printed, least) else "agrees within"
    return Cell(_write(printed, known), note=f"{word} the least significant change, {_write(least, known)}")


def make_catalogue() -> list[Table]:
    """Return the catalogue, one table a modality."""
    families = {str(one.label): [row for row in QUANTITIES.values() if row.modality == one] for one in Modality}
    families["HR-pQCT, tested by finite elements"] = list(STRENGTHS.values())
    columns = ("Quantity", "Symbol", "Unit", "Definition", "Source", "Least significant change")
    return [
        Table(
            title,
            columns,
            [(one.title, one.symbol, _say_unit(one), one.definition, one.source, _say_precision(one)) for one in rows],
        )
        for title, rows in families.items()
    ]


def _say_unit(known: Quantity) -> str:
    return MISSING if known.unit == "1" else write_unit(known.unit)


def _say_precision(known: Quantity) -> str:
    least = least_change(known, 100.0)
    return MISSING if least is None else f"{least:.1f} %, {known.cv_source}"
