"""The radiograph: a polychromatic beam through the forearm onto a detector, with marker, edges and noise. Pure."""

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.anatomy import NOISE_FILM, Forearm
from modelling.engine.phantom.attenuation import SPECTRUM, SPECTRUM_KEV, SPECTRUM_PHOTONS
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.shadow import Paths, Shadow, look

Floats = NDArray[np.floating]

SOURCE_TO_DETECTOR_MM, SOURCE_TO_PATIENT_MM = 1000.0, 970.0
MAGNIFICATION = SOURCE_TO_DETECTOR_MM / SOURCE_TO_PATIENT_MM
FILM_SCALE = 1e-4
"""-ln(I/I0) of one grey step: grey values are logarithmic, and bone is bright."""
MIDDLE_MM = -8.5
"""Where the middle column of the film looks, mm from the radius' axis to the thumb."""
FOCUS_MM, DETECTOR_MM = 0.6, 0.08
"""Width of the focal spot; spread (sigma) of the detector."""
PHOTONS_MM2 = 4.7e5
"""Counted on a mm2 of the open field."""
BLADE_MM, LEAK = 1.6, 0.035
"""How much of either side of the film the collimator covers, and what still arrives there."""
MARKER_MM = (5.6, 4.6, 6.9, 1.3)
"""The lead letter: how far above the joint its top lies, its width, height and stroke."""


@dataclass(frozen=True)
class Frame:
    """A detector: pixels, and which row sees the radius' joint surface."""

    rows: int
    columns: int
    pixel_mm: float
    """Of the detector."""
    joint_row: float


COARSE = Frame(640, 480, 0.16, 288.0)
FINE = Frame(1024, 768, 0.10, 460.8)


def polychromatic(paths: Paths) -> Floats:
    """Return -ln(I/I0) of an energy-integrating detector behind the tissue (no unit).

    Beer and Lambert for each bin of the stored spectrum; the signal of a photon goes with its energy.
    """
    weights = SPECTRUM_PHOTONS * SPECTRUM_KEV
    signal = np.zeros(paths.ha.shape)
    for weight, ha, water, fat in zip(weights / weights.sum(), SPECTRUM.ha, SPECTRUM.water, SPECTRUM.fat, strict=True):
        signal += weight * np.exp(-(ha * paths.ha + water * paths.water + fat * paths.fat))
    return np.asarray(-np.log(signal))


def pixels_of(frame: Frame) -> tuple[Floats, Floats]:
    """Return what rows and columns of a right wrist's film look at: z, and x falling from the thumb, mm."""
    z = (np.arange(frame.rows) - frame.joint_row) * frame.pixel_mm / MAGNIFICATION
    x = ((frame.columns - 1) / 2 - np.arange(frame.columns)) * frame.pixel_mm / MAGNIFICATION + MIDDLE_MM
    return z, x


def make_film(
    shadow: Shadow, forearm: Forearm, person: Person, side: str, marker: str | None, frame: Frame = COARSE
) -> NDArray[np.uint16]:
    """Return a radiograph (rows, columns) uint16: grey value x FILM_SCALE is -ln(I/I0).

    side: L or R, the forearm that is imaged. marker: the lead letter beside it, or None for a film without one.
    """
    z, x = pixels_of(frame)
    seen = look(shadow, forearm, person, z, x[::-1])
    transmitted = np.exp(-polychromatic(Paths(seen.ha[:, ::-1], seen.water[:, ::-1], seen.fat[:, ::-1])))
    # The thumb is on the picture's left for a right hand, palm down; a left one is its mirror image.
    if side == "L":
        transmitted = transmitted[:, ::-1].copy()
    if marker is not None:
        _lay_marker(transmitted, marker, frame, on_left=side == "R")
    covered = round(BLADE_MM / frame.pixel_mm)
    transmitted[:, :covered] *= LEAK
    transmitted[:, -covered:] *= LEAK
    penumbra = FOCUS_MM * (MAGNIFICATION - 1) / 3.46
    transmitted = blur(transmitted, sigma=float(np.hypot(penumbra, DETECTOR_MM)) / frame.pixel_mm)
    photons = PHOTONS_MM2 * frame.pixel_mm**2
    counted = person.stream(NOISE_FILM).poisson(transmitted * photons) / photons
    attenuation = -np.log(np.maximum(counted, 1.0 / photons))
    return np.clip(np.round(attenuation / FILM_SCALE), 0, 65535).astype(np.uint16)


def blur(image: Floats, sigma: float) -> Floats:
    """Return an image (rows, columns) blurred by a Gaussian of `sigma` pixels; its edges are mirrored."""
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    wide = np.pad(image, reach, mode="symmetric")
    rows = sum(weight * wide[k : k + image.shape[0]] for k, weight in enumerate(kernel))
    return np.asarray(sum(weight * rows[:, k : k + image.shape[1]] for k, weight in enumerate(kernel)))


def _lay_marker(transmitted: Floats, letter: str, frame: Frame, *, on_left: bool) -> None:
    """Lay a lead letter on the thumb's side beside the wrist."""
    from_joint, width, height, stroke = MARKER_MM
    rows, columns = round((height + stroke) / frame.pixel_mm), round((width + stroke) / frame.pixel_mm)
    down = (np.arange(rows) * frame.pixel_mm - stroke / 2)[:, None]
    across = (np.arange(columns) * frame.pixel_mm - stroke / 2)[None, :]
    is_lead = distance_to_letter(letter, down / height, across / width, height / width) * width < stroke / 2
    top = round(frame.joint_row + from_joint / frame.pixel_mm)
    aside = round((BLADE_MM + 1.0) / frame.pixel_mm)
    left = aside if on_left else frame.columns - aside - columns
    transmitted[top : top + rows, left : left + columns][is_lead] *= 1e-3


def distance_to_letter(letter: str, down: Floats, across: Floats, slender: float) -> Floats:
    """Return how far points lie from the middle line of a letter R or L, in widths of it.

    down, across: 0 to 1 over its height and width. slender: height over width.
    """
    lines = [((0.0, 0.0), (1.0, 0.0))]
    if letter == "L":
        lines.append(((1.0, 0.0), (1.0, 1.0)))
    else:
        bowl = [(0.26 - 0.26 * cos(t), 0.62 + 0.38 * sin(t)) for t in (k * pi / 8 for k in range(9))]
        points = [(0.0, 0.0), *bowl, (0.52, 0.0)]
        lines += [*pairwise(points), ((0.52, 0.5), (1.0, 1.0))]
    nearest = np.full(np.broadcast_shapes(down.shape, across.shape), np.inf)
    for (y0, x0), (y1, x1) in lines:
        dy, dx = (y1 - y0) * slender, x1 - x0
        share = np.clip(((down - y0) * slender * dy + (across - x0) * dx) / (dy * dy + dx * dx), 0, 1)
        nearest = np.minimum(nearest, np.hypot((down - y0) * slender - share * dy, across - x0 - share * dx))
    return nearest
