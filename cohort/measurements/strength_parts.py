"""What the pages show of a mechanical test: its values, where the bone would fail, and every parameter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from cohort.measurements.models import StrengthTest
from frontend.parts import Column, Row, Table
from frontend.units import with_unit
from modelling.engine.fe.quantities import AXIAL, FALL
from modelling.engine.features.catalogue import STRENGTHS, describe_quantity

LOADS: Final = {AXIAL: "Compressed along its axis", FALL: "Sheared across, as in a fall"}

LEGEND: Final = (
    "Three views of the bone that was tested, seen through: grey where there is bone, in colour what is strained to "
    "the limit at the failure load. There it would fail first."
)

_PARAMETERS: Final = (
    ("modulus_mpa", "Young's modulus", "MPa"),
    ("poisson", "Poisson's ratio", ""),
    ("strain", "Strain", ""),
    ("critical_strain", "Critical effective strain", ""),
    ("critical_volume", "Critical volume", ""),
    ("tolerance", "Tolerance", ""),
)
_FACTS: Final = (
    ("residual", "Residual reached", ""),
    ("iterations", "Iterations", ""),
    ("elements", "Elements", ""),
    ("nodes", "Nodes", ""),
    ("dropped_voxels", "Bone voxels outside the largest piece", ""),
    ("displacement_mm", "Displacement of the top", "mm"),
    ("factor", "Failure load over reaction force", ""),
    ("segmentation", "Segmentation", ""),
    ("trabecular_mg", "Level of trabecular bone", "mg HA/cm3"),
    ("cortical_mg", "Level of cortical bone", "mg HA/cm3"),
    ("site", "Outline of", ""),
    ("seconds", "Time of the solution", "s"),
    ("peak_memory_mb", "Most memory held", "MB"),
)


@dataclass(frozen=True)
class ShownStrength:
    """One test that was made."""

    title: str
    dom_id: str
    picture_url: str
    picture_alt: str
    field_url: str
    table: Table
    parameters: Sequence[tuple[str, str]]
    hashes: Sequence[tuple[str, Sequence[str]]]
    legend: str = LEGEND


def make_strengths(tests: Iterable[StrengthTest]) -> list[ShownStrength]:
    """Return what is shown of tests that were made."""
    return [_make_one(one) for one in tests]


def _make_one(test: StrengthTest) -> ShownStrength:
    title = LOADS[test.direction]
    found = {one.name: one for one in test.values.all()}
    # In the order of the catalogue.
    rows: list[Row] = [
        (known.title, known.symbol, write_value(found[name].value, name))
        for name, known in STRENGTHS.items()
        if name in found
    ]
    columns = ("Quantity", "Symbol", Column("Value", is_number=True))
    digests = [("volume", test.pixel_sha256), ("field", test.field_sha256), ("picture", test.picture_sha256)]
    return ShownStrength(
        title=title,
        dom_id=f"strength-{test.pk}",
        picture_url=reverse("strength-picture", args=[test.pk]),
        picture_alt=f"{title}: where the bone would fail",
        field_url=reverse("strength-field", args=[test.pk]),
        table=Table(f"{title}: what the bone bears", columns, rows, note=f"version {test.version} of the test"),
        parameters=[
            *((words, _write(test.recipe[name], unit)) for name, words, unit in _PARAMETERS),
            *((words, _write(test.facts[name], unit)) for name, words, unit in _FACTS if name in test.facts),
        ],
        hashes=[(f"SHA-256 of the {what}", _in_pieces(digest)) for what, digest in digests],
    )


def write_value(value: float, name: str) -> str:
    """Return a value of the catalogue with its unit."""
    known = describe_quantity(name)
    return with_unit(f"{value:.{known.decimals}f}", "" if known.unit == "1" else known.unit).strip()


def _write(value: Any, unit: str) -> str:
    return with_unit(f"{value:g}" if isinstance(value, float) else str(value), unit).strip()


def _in_pieces(digest: str) -> list[str]:
    """Return a hash in pieces between which a narrow page may break it."""
    return [digest[at : at + 8] for at in range(0, len(digest), 8)]
