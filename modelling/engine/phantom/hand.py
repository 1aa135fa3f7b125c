"""The bones beyond the forearm: eight carpal bones, five metacarpals, the ulnar styloid; seen from the back. Pure.

Each is a lens: an outline in the plane of the film, thickest in its middle, with a shell and a spongy core. No image
but the film and the DXA looks at them, so they are never cut into voxels. The outlines were drawn after the adult wrist
radiograph of codekansas.github.io (images/hand-xray, MIT), whose ruler gives 0.148 mm a pixel, and are brought to the
size of a woman whose radius has 258 mm2.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_PIXEL_MM = 0.148 / 1.03 / 1.22
"""Of the drawn radiograph: its ruler, its magnification, and its man over the woman of size 1."""
_AXIS_COLUMN, _JOINT_ROW = 470.0, 608.0
STEP_MM = 0.2
"""Of the stored maps of depth."""
SHELL = 0.78
"""g HA/cm3 of a shell."""
GROWN = 1.05
"""Outlines were drawn along the middle of the bright rim."""

# fmt: off
_DRAWN = {
    # name: (half thickness mm, shell mm, core over that of the radius, outline as column, row)
    "scaphoid": (5.5, 0.7, 1.5,
        "415,490 424,472 440,468 470,490 492,520 506,555 511,590 500,602 475,590 450,573 428,546 412,515"),
    "lunate": (6.8, 0.7, 1.5,
        "513,552 535,546 568,534 586,545 600,566 630,588 634,605 615,621 585,625 550,617 530,600 520,575"),
    "triquetrum": (5.2, 0.6, 1.4,
        "590,535 610,515 640,488 655,470 668,490 672,515 668,545 655,572 635,579 612,570 596,553"),
    "pisiform": (4.5, 0.6, 1.3,
        "655,455 675,442 695,447 708,468 713,495 705,520 685,526 668,512 655,485"),
    "trapezium": (5.6, 0.7, 1.4,
        "342,395 355,375 385,362 420,363 452,370 462,388 448,415 425,435 412,465 395,462 370,440 350,415"),
    "trapezoid": (5.2, 0.7, 1.4,
        "440,392 470,392 488,412 492,435 480,452 462,470 440,478 424,462 418,440 430,412"),
    "capitate": (6.6, 0.7, 1.5,
        "482,412 508,390 535,395 552,425 556,460 566,490 571,515 552,535 525,538 502,525 493,495 488,460 "
        "478,432"),
    "hamate": (6.0, 0.7, 1.4,
        "568,404 600,388 635,390 668,408 655,430 632,455 615,485 592,504 572,500 560,470 562,430"),
    "metacarpal 1": (5.0, 1.4, 0.35,
        "292,382 312,392 326,391 341,370 326,312 293,260 268,220 258,180 264,150 255,112 225,98 185,110 "
        "166,135 180,172 212,225 248,290 275,350"),
    "metacarpal 2": (4.6, 1.8, 0.30,
        "332,392 352,380 388,345 424,332 397,292 368,240 350,160 345,60 341,20 335,-40 265,-40 255,30 "
        "268,80 285,120 314,210 329,290 332,350"),
    "metacarpal 3": (4.6, 1.8, 0.30,
        "422,330 440,345 452,362 470,395 500,398 515,382 500,330 489,275 488,180 495,120 500,60 490,-40 "
        "400,-40 398,40 410,80 428,150 438,230 436,290"),
    "metacarpal 4": (4.2, 1.5, 0.30,
        "526,345 524,370 537,391 570,396 598,376 600,346 588,300 583,220 590,150 615,95 622,50 615,10 "
        "580,3 545,15 538,75 550,110 565,180 558,250 542,310"),
    "metacarpal 5": (4.2, 1.4, 0.30,
        "600,352 606,372 628,382 660,396 685,392 702,346 692,300 694,230 700,170 715,120 738,90 738,50 "
        "710,25 670,35 652,70 665,120 668,200 658,260 622,322"),
    "ulnar styloid": (3.2, 0.8, 1.1,
        "648,672 668,652 674,640 678,620 690,609 700,620 705,650 706,690 690,705 660,700"),
}
# fmt: on


@dataclass(frozen=True)
class Lens:
    """One bone of size 1, seen from the back: how deep each point lies inside its outline, mm, 0 outside."""

    z: Floats
    x: Floats
    depth: NDArray[np.float32]
    half_mm: float
    shell_mm: float
    core: float
    is_on_ulna: bool


def _smooth(points: Floats) -> Floats:
    """Return a closed line with its corners cut twice, as large as before.

    Chaikin, Comput Graph Image Process 3:346 (1974).
    """
    middle, reach = points.mean(axis=0), points.std(axis=0)
    for _ in range(2):
        following = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], axis=1).reshape(-1, 2)
    return np.asarray(middle + (points - points.mean(axis=0)) * (reach / points.std(axis=0)) * GROWN)


def depth_inside(line: Floats, z: Floats, x: Floats) -> NDArray[np.float32]:
    """Return the distance of each point (z, x) inside a closed line to it, mm; 0 outside.

    line: (n, 2) as z, x.
    """
    at_z, at_x = np.meshgrid(z, x, indexing="ij")
    nearest, is_in = np.full(at_z.shape, np.inf), np.zeros(at_z.shape, bool)
    for (z0, x0), (z1, x1) in zip(line, np.roll(line, -1, axis=0), strict=True):
        dz, dx = z1 - z0, x1 - x0
        along = np.clip(((at_z - z0) * dz + (at_x - x0) * dx) / (dz * dz + dx * dx), 0, 1)
        nearest = np.minimum(nearest, (at_z - z0 - along * dz) ** 2 + (at_x - x0 - along * dx) ** 2)
        if dz != 0:
            is_in ^= ((z0 > at_z) != (z1 > at_z)) & (at_x < (x1 - x0) * (at_z - z0) / dz + x0)
    return np.where(is_in, np.sqrt(nearest), 0).astype(np.float32)


@cache
def list_lenses() -> tuple[Lens, ...]:
    """Return the bones of size 1."""
    found = []
    for name, (half, shell, core, drawn) in _DRAWN.items():
        pairs = np.array([pair.split(",") for pair in drawn.split()], float)
        line = np.stack([(pairs[:, 1] - _JOINT_ROW) * _PIXEL_MM, (_AXIS_COLUMN - pairs[:, 0]) * _PIXEL_MM], axis=1)
        outline = _smooth(line)
        (low_z, low_x), (high_z, high_x) = outline.min(axis=0), outline.max(axis=0)
        z, x = np.arange(low_z - 0.4, high_z + 0.5, STEP_MM), np.arange(low_x - 0.4, high_x + 0.5, STEP_MM)
        found.append(Lens(z, x, depth_inside(outline, z, x), half, shell, core, name == "ulnar styloid"))
    return tuple(found)


def thickness(depth: Floats, half_mm: float) -> Floats:
    """Return the thickness of a lens, mm: round at its rim, flat where the rim is further than its half thickness."""
    inside = np.clip(depth / half_mm, 0, 1)
    return np.asarray(2 * half_mm * np.sqrt(1 - (1 - inside) ** 2))
