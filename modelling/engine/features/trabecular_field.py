"""The trabecular field of the distal radius on a film: how much it attenuates, and its texture (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from modelling.engine.features.catalogue import Value
from modelling.engine.features.cooccurrence import count_neighbours, describe_cooccurrence
from modelling.engine.features.drawing import YELLOW, Line, box
from modelling.engine.features.grey_levels import discretise, list_directions
from modelling.engine.features.patterns import describe_directions, entropy_of_patterns
from modelling.engine.features.run_lengths import count_runs, describe_runs
from modelling.engine.features.texture import fractal_dimension, slope_of_variogram, take_plane_off

Floats = NDArray[np.float64]

WIDE: Final = 1.2
"""The trabecular field lies where the radius is this many times as wide as at its parallel part."""
FIELD_MM: Final = 10.0
PIXEL_MM: Final = 0.15
"""Texture is taken at one size of pixel, or it would tell the detector instead of the bone."""
AS_IT_IS: Final = 0.10
"""A film whose pixel differs by less than this share from PIXEL_MM is not interpolated."""
COARSEST_MM: Final = 0.20
LOCAL_MM: Final = 1.0

ATTENUATION: Final = "film.mean_attenuation"
TEXTURES: Final = (
    "film.trabecular_texture",
    "film.fractal_dimension",
    "film.glcm_contrast",
    "film.glcm_correlation",
    "film.glcm_energy",
    "film.glcm_entropy",
    "film.glrlm_short_runs",
    "film.glrlm_long_runs",
    "film.lbp_entropy",
    "film.anisotropy",
    "film.local_anisotropy",
    "film.trabecular_direction",
)
OF_FIELD: Final = frozenset({ATTENUATION, *TEXTURES})
"""Quantities that need the field."""


class Level(Protocol):
    """One level of the radius: its row, its outer edges and the grey beside it, in pixels."""

    @property
    def row(self) -> float: ...
    @property
    def outer(self) -> tuple[float, float]: ...
    @property
    def beside(self) -> tuple[float, float]: ...
    @property
    def width(self) -> float: ...


@dataclass(frozen=True)
class Field:
    """The middle half of the radius where it widens. values: (rows, columns). beside: mean grey of the soft tissue."""

    values: Floats
    beside: float
    outline: Line


def find_field(picture: Floats, levels: Sequence[Level], shaft_width: float, pixel_mm: float) -> Field:
    """Return the field of a picture (rows, columns) whose radius was followed level by level.

    Raises ValueError where the radius is not followed so far, or the field reaches over the border.
    """
    found = next((one for one in levels if one.width >= WIDE * shaft_width), None)
    if found is None:
        raise ValueError(f"the radius is not followed to where it is {WIDE:g} times as wide as its shaft")
    half_rows = max(8, round(FIELD_MM / pixel_mm / 2))
    top, bottom = round(found.row) - half_rows, round(found.row) + half_rows
    left, right = round(found.outer[0] + found.width / 4), round(found.outer[1] - found.width / 4)
    if top < 0 or bottom > picture.shape[0]:
        raise ValueError("the trabecular field reaches over the border of the film")
    edges = box(top - 0.5, left - 0.5, bottom - 0.5, right - 0.5, YELLOW)
    return Field(picture[top:bottom, left:right], sum(found.beside) / 2, edges)


def measure_field(field: Field, pixel_mm: float, *, is_scaled: bool) -> list[Value]:
    """Return attenuation over soft tissue and, where the size of a pixel is known (`is_scaled`), texture.

    Raises ValueError where its pixels are too coarse, or it is flat.
    """
    found = [Value(ATTENUATION, float(field.values.mean()) - field.beside)]
    return found + (measure_texture(field.values, pixel_mm) if is_scaled else [])


def measure_texture(field: Floats, pixel_mm: float) -> list[Value]:
    """Return the texture of a field (rows, columns). Raises ValueError where it is coarse, small or flat."""
    plain = take_plane_off(resample(field, pixel_mm))
    levels = discretise(plain)
    neighbours = describe_cooccurrence(count_neighbours(levels))
    runs = describe_runs(count_runs(levels), levels.size * len(list_directions(2)))
    directions = describe_directions(plain, LOCAL_MM / PIXEL_MM)
    values = (
        slope_of_variogram(plain),
        fractal_dimension(plain),
        neighbours["Contrast"],
        neighbours["Correlation"],
        neighbours["Angular second moment"],
        neighbours["Joint entropy"],
        runs["Short runs emphasis"],
        runs["Long runs emphasis"],
        entropy_of_patterns(plain),
        directions.anisotropy,
        directions.local,
        directions.degrees,
    )
    return [Value(name, float(value)) for name, value in zip(TEXTURES, values, strict=True)]


def resample(field: Floats, pixel_mm: float) -> Floats:
    """Return a field at PIXEL_MM a pixel, as it is where it nearly is so. Raises ValueError for a coarse one."""
    if pixel_mm > COARSEST_MM:
        raise ValueError(f"a pixel is {pixel_mm:.2f} mm; texture wants at most {COARSEST_MM:.2f} mm")
    factor = pixel_mm / PIXEL_MM
    if abs(factor - 1) <= AS_IT_IS:
        return field
    # Finer films are blurred first, or what lies between the wider pixels would be folded into them.
    spread = max(0.0, 0.5 * (1 / factor - 1))
    smooth = ndimage.gaussian_filter(field, spread, mode="nearest") if spread else field
    return np.asarray(ndimage.zoom(smooth, factor, order=3, mode="nearest", grid_mode=True), np.float64)
