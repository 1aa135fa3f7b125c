"""The radiograph: a polychromatic beam through the forearm onto a detector, with marker, edges and noise. Pure.

Exposure, the detector's gain and the collimator are set by hand, film by film, and hang on nothing of the bone: the
mean or spread of a film's grey values tells far less than a look at the bone.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import cos, log, pi, sin

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.aluminium import ROOM_MM, lay_wedge
from modelling.engine.phantom.anatomy import EXPOSURE, NOISE_FILM, Forearm
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
USUAL_UAS, PHOTONS_MM2 = 3000, 4.7e5
"""Microampere seconds, and the photons they bring to a mm2 of the open field."""
UAS_SPREAD, UAS_RANGE = 0.20, (2000, 4500)
GAIN_SPREAD, GAIN_RANGE = 0.10, (0.8, 1.25)
"""SD of the logarithm from film to film, and how far it goes: exposure, and the detector's gain over its usual one."""
BLADE_RANGE_MM, LEAK = (0.8, 3.2), 0.035
"""How much of either side of the film the collimator covers, and what still arrives there."""
DEEPEST = 5.2
"""-ln(I/I0) that the detector can still tell from nothing."""
OPEN_FIELD = 0.65
"""Where the open field of a usual exposure lies on the stored scale, which has no value below 0 (no unit)."""
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
    has_wedge: bool = False
    """An aluminium step wedge lies beside the wrist."""

    def with_wedge(self) -> "Frame":
        """Return this frame, wide enough for a wedge, with one."""
        return replace(self, columns=self.columns + 2 * round(ROOM_MM / self.pixel_mm), has_wedge=True)


COARSE = Frame(640, 480, 0.16, 288.0)
FINE = Frame(1024, 768, 0.10, 460.8)


@dataclass(frozen=True)
class Exposure:
    """How one film was taken."""

    uas: int
    """Microampere seconds."""
    gain: float
    """Of the detector, over its usual one."""
    blades_mm: tuple[float, float]
    """What the collimator covers on the thumb's side of the film and on the other."""

    @property
    def offset(self) -> int:
        """Return the grey value that this film stores for its open field: more dose, darker."""
        return round((OPEN_FIELD - log(self.uas / USUAL_UAS * self.gain)) / FILM_SCALE)


def set_exposure(person: Person) -> Exposure:
    """Return how a person's film was taken; the same person gives the same one."""
    rng = person.stream(EXPOSURE)
    uas = np.clip(USUAL_UAS * np.exp(UAS_SPREAD * rng.standard_normal()), *UAS_RANGE)
    gain = np.clip(np.exp(GAIN_SPREAD * rng.standard_normal()), *GAIN_RANGE)
    thumb, little = rng.uniform(*BLADE_RANGE_MM, 2)
    return Exposure(100 * round(float(uas) / 100), round(float(gain), 3), (float(thumb), float(little)))


def polychromatic(paths: Paths) -> Floats:
    """Return -ln(I/I0) of an energy-integrating detector behind the tissue (no unit).

    Beer and Lambert for each bin of the stored spectrum; the signal of a photon goes with its energy.
    """
    weights = SPECTRUM_PHOTONS * SPECTRUM_KEV
    table = np.stack([weights / weights.sum(), SPECTRUM.ha, SPECTRUM.water, SPECTRUM.fat], axis=1).astype(np.float32)
    # Single precision is far below a grey step, and a quarter of the time.
    bone, soft, lipid = (np.asarray(part, np.float32) for part in (paths.ha, paths.water, paths.fat))
    signal = np.zeros(paths.ha.shape, np.float32)
    for weight, ha, water, fat in table:
        signal += weight * np.exp(-(ha * bone + water * soft + fat * lipid))
    return np.asarray(-np.log(signal), np.float64)


def pixels_of(frame: Frame) -> tuple[Floats, Floats]:
    """Return what rows and columns of a right wrist's film look at: z, and x falling from the thumb, mm."""
    z = (np.arange(frame.rows) - frame.joint_row) * frame.pixel_mm / MAGNIFICATION
    x = ((frame.columns - 1) / 2 - np.arange(frame.columns)) * frame.pixel_mm / MAGNIFICATION + MIDDLE_MM
    return z, x


def make_film(
    shadow: Shadow, forearm: Forearm, person: Person, side: str, marker: str | None, frame: Frame = COARSE
) -> NDArray[np.uint16]:
    """Return a radiograph (rows, columns) uint16: grey value x FILM_SCALE is -ln(I/I0), at most DEEPEST.

    side: L or R, the forearm that is imaged. marker: the lead letter beside it, or None for a film without one.
    """
    exposure = set_exposure(person)
    thumb, little = (round(blade / frame.pixel_mm) for blade in exposure.blades_mm)
    z, x = pixels_of(frame)
    seen = look(shadow, forearm, person, z, x[::-1])
    transmitted = np.exp(-polychromatic(Paths(seen.ha[:, ::-1], seen.water[:, ::-1], seen.fat[:, ::-1])))
    # The thumb is on the picture's left for a right hand, palm down; a left one is its mirror image.
    if side == "L":
        transmitted = transmitted[:, ::-1].copy()
    if marker is not None:
        _lay_marker(transmitted, marker, frame, thumb, on_left=side == "R")
    if frame.has_wedge:
        lay_wedge(transmitted, frame.pixel_mm, round(frame.joint_row), little, on_left=side == "L")
    left, right = (thumb, little) if side == "R" else (little, thumb)
    transmitted[:, :left] *= LEAK
    transmitted[:, -right:] *= LEAK
    penumbra = FOCUS_MM * (MAGNIFICATION - 1) / 3.46
    transmitted = blur(transmitted, sigma=float(np.hypot(penumbra, DETECTOR_MM)) / frame.pixel_mm)
    photons = PHOTONS_MM2 * exposure.uas / USUAL_UAS * frame.pixel_mm**2
    counted = person.stream(NOISE_FILM).poisson(transmitted * photons) / photons
    attenuation = -np.log(np.maximum(counted, np.exp(-DEEPEST)))
    return np.round(np.maximum(attenuation, 0.0) / FILM_SCALE).astype(np.uint16)


def blur(image: Floats, sigma: float) -> Floats:
    """Return an image (rows, columns) blurred by a Gaussian of `sigma` pixels; its edges are mirrored."""
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    wide = np.pad(image, reach, mode="symmetric")
    rows = sum(weight * wide[k : k + image.shape[0]] for k, weight in enumerate(kernel))
    return np.asarray(sum(weight * rows[:, k : k + image.shape[1]] for k, weight in enumerate(kernel)))


def _lay_marker(transmitted: Floats, letter: str, frame: Frame, covered: int, *, on_left: bool) -> None:
    """Lay a lead letter on the thumb's side beside the wrist, a millimetre from the `covered` columns."""
    from_joint, width, height, stroke = MARKER_MM
    rows, columns = round((height + stroke) / frame.pixel_mm), round((width + stroke) / frame.pixel_mm)
    down = (np.arange(rows) * frame.pixel_mm - stroke / 2)[:, None]
    across = (np.arange(columns) * frame.pixel_mm - stroke / 2)[None, :]
    is_lead = distance_to_letter(letter, down / height, across / width, height / width) * width < stroke / 2
    top = round(frame.joint_row + from_joint / frame.pixel_mm)
    aside = covered + round(1.0 / frame.pixel_mm)
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
