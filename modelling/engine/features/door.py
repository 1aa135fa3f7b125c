"""`python -m modelling.engine measure FILE`: the indices of a bone volume, for people and for programs."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from cohort.formats.volume import DENSITY, HRPQCT, NATIVE, PQCT
from modelling.engine.features.catalogue import QUANTITIES
from modelling.engine.features.contour import CUBE, RADIUS, SITES
from modelling.engine.features.densitometry import measure_pqct
from modelling.engine.features.morphometry import UNITS, measure_bone, outline_bone
from modelling.engine.features.quantities_pqct import SHAFTS
from modelling.engine.features.segmentation import choose_recipe
from modelling.engine.features.sites import Place
from modelling.engine.features.thickness import EXACT, MODES
from modelling.engine.features.volume_quality import VolumeQuality, judge_volume
from modelling.engine.features.volumes import say_border, say_quality
from modelling.engine.opening import Opened, Unusable, open_volume

HELP: Final = """\
Measure a bone volume: areas, densities, trabecular and cortical structure.

FILE is a folder of DICOM slices, a Scanco ISQ or AIM, a Stratec scan (.M01) or a NIfTI (.nii, .nii.gz).
What it is, is told by its content. Densities come from the calibration in its header and from nowhere else; a
volume without one is measured if you say what is bone:
  --segmented      every voxel other than zero is bone
  --threshold N    every voxel above N is bone, N in the file's own unit

What is measured where:
  --site radius    outline and cortex of the largest bone are found, all indices (the default)
  --site tibia     the same, with the wider closing of the cortex that the tibia wants
  --site cube      the whole volume is the trabecular region: BV/TV, Tb.N, Tb.Th, Tb.Sp

A pQCT section does not say where on the forearm it lies. The one at 4 % is told by its shape; for a shaft say
  --percent 33     how far up the forearm, in per cent of its length: 20, 33, 50 or 66
  --side L         which forearm it is, seen from the hand (R if it is not said): it tells radius from ulna
A Stratec scan holds the scanner's own numbers; what they mean stands in the scanner's .TYP file:
  --slope S --intercept B    density in mg HA/cm3 = S x number + B
"""

EXAMPLES: Final = """\
indices and units:
  Tt.Ar Tb.Ar Ct.Ar mm2   Ct.Pm mm   Tt.vBMD Tb.vBMD Ct.vBMD mg HA/cm3
  BV/TV 1   Tb.N 1/mm   Tb.Th Tb.Sp Ct.Th mm   Ct.Po 1
  an index that the volume cannot give (a density without calibration, a cortex in a cube) is not in the answer;
  voxels above 0.1 mm do not show trabeculae and pores: found in densities, BV/TV, Tb.N, Tb.Th, Tb.Sp and Ct.Po are
  left out with a note; where you say what is bone, they are measured as they are

quality (whole scans, --site radius or tibia), in the answer beside the indices:
  slices and slices_wanted, how many are empty or repeat the one before, how many are shifted against the one before
  by more than 0.1 mm (the arm moved), and the largest shift in mm

modes of local thickness:
  exact      the true width of a plate of any whole number of voxels, and of slanted ones to 0.2 voxel
  ipl_like   distances of voxel centres, as the scanner's own evaluation appears to take them

exit status:
  0  measured     2  the file or the words cannot be used; one sentence on stderr says why

examples:
  python -m modelling.engine measure scan.ISQ
  python -m modelling.engine measure folder-of-dicom --site tibia --json
  python -m modelling.engine measure cube.nii.gz --threshold 63 --site cube
"""

BAD_INPUT: Final = 2
FEW_VOXELS: Final = 3.0
"""A mean thickness below this many voxels is that of the grid (docs/measurements.md)."""


def make_parser() -> argparse.ArgumentParser:
    """Return the words the command knows."""
    parser = argparse.ArgumentParser(
        prog="python -m modelling.engine measure",
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the volume")
    bone = parser.add_mutually_exclusive_group()
    bone.add_argument("--segmented", action="store_true", help="every voxel other than zero is bone")
    bone.add_argument("--threshold", type=float, metavar="N", help="every voxel above N is bone")
    parser.add_argument("--site", choices=SITES, default=RADIUS, help="what is in the volume (radius)")
    parser.add_argument("--percent", choices=SHAFTS, help="where on the forearm a pQCT section of a shaft lies")
    parser.add_argument("--side", choices=("L", "R"), default="R", help="which forearm a pQCT section is of (R)")
    parser.add_argument("--slope", type=float, metavar="S", help="mg HA/cm3 of one step of a Stratec scan")
    parser.add_argument("--intercept", type=float, metavar="B", help="mg HA/cm3 of its value 0")
    parser.add_argument("--mode", choices=MODES, default=EXACT, help="how thickness is taken (exact)")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    told = make_parser().parse_args(words)
    begun = time.perf_counter()
    try:
        opened = open_volume(told.file, segmented=told.segmented, threshold=told.threshold)
        opened = _calibrate(opened, told.slope, told.intercept)
        found = _measure_section(opened, told) if opened.kind == PQCT else _measure_volume(opened, told)
    except ValueError as error:
        sys.stderr.write(f"cannot measure: {error}\n")
        return BAD_INPUT
    answer = {
        "indices": found.indices,
        "quality": found.quality,
        "seconds": round(time.perf_counter() - begun, 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    # A program reads the answer alone; people see what is odd below it.
    sys.stderr.writelines(f"Note: {note}.\n" for note in found.notes if told.json)
    sys.stdout.write((json.dumps(answer, indent=1) if told.json else _to_text(answer, found.notes)) + "\n")
    return 0


@dataclass(frozen=True)
class _Found:
    """indices: name to value and unit. quality: of a whole scan, else empty. notes: what is odd, in words."""

    indices: dict[str, Any]
    quality: dict[str, Any]
    notes: tuple[str, ...]


def _calibrate(opened: Opened, slope: float | None, intercept: float | None) -> Opened:
    """Return a scan of a scanner's own numbers in mg HA/cm3, where its calibration was told; else what was given."""
    if slope is None and intercept is None:
        return opened
    if slope is None or intercept is None or not (0 < slope < np.inf and np.isfinite(intercept)):
        raise Unusable(f"found --slope {slope} and --intercept {intercept}, wanted both, and a slope above 0")
    if (opened.kind, opened.unit) != (PQCT, NATIVE):
        raise Unusable(f"{opened.name}: found values in '{opened.unit}', wanted a Stratec scan for --slope")
    return replace(opened, values=opened.values * np.float32(slope) + np.float32(intercept), unit=DENSITY)


def _measure_volume(opened: Opened, told: argparse.Namespace) -> _Found:
    if opened.kind != HRPQCT:
        raise Unusable(f"{opened.name}: found a {opened.kind} image, wanted an HR-pQCT volume or a pQCT section")
    if told.percent is not None:
        raise Unusable(f"{opened.name}: found --percent and an HR-pQCT volume, wanted a pQCT section for it")
    density = opened.values if opened.unit == DENSITY else None
    if density is None and opened.bone is None:
        raise Unusable(
            f"{opened.name}: found values in '{opened.unit}' and no density calibration in the header, wanted "
            f"{DENSITY}, or --segmented or --threshold to say what is bone"
        )
    _say(0, 6, "segmentation and outlines")
    bone = outline_bone(density, opened.bone, opened.spacing_mm, told.site)
    found = measure_bone(bone, told.mode, _say)
    notes = list(say_border(bone.compartments))
    notes += [f"{name} is left out: {why}" for name, why in found.left_out.items()]
    if any(share < 0.5 for share in found.seen.values()):
        notes.append("less than half of a phase lies where its largest ball is wholly seen: the volume is small")
    thick = found.indices.get("Tb.Th", np.inf) / found.voxel_mm
    if thick < FEW_VOXELS:
        notes.append(
            f"bone is {thick:.1f} voxels thick on average; below {FEW_VOXELS:.0f} the size of the voxels tells more "
            "than the bone"
        )
    quality: dict[str, Any] = {}
    if told.site != CUBE and len(opened.values) > 1:
        judged = judge_volume(opened.values, opened.spacing_mm, choose_recipe(opened.spacing_mm))
        quality, notes = _to_quality(judged), [*notes, *say_quality(judged)]
    indices = {name: {"value": value, "unit": UNITS[name]} for name, value in found.indices.items()}
    return _Found(indices, quality, tuple(notes))


def _to_quality(judged: VolumeQuality) -> dict[str, Any]:
    return {
        "slices": judged.slices,
        "slices_wanted": judged.wanted,
        "empty_slices": len(judged.empty),
        "repeated_slices": len(judged.repeated),
        "shifted_slices": len(judged.shifted_at),
        "largest_shift_mm": judged.largest_shift_mm,
    }


def _measure_section(opened: Opened, told: argparse.Namespace) -> _Found:
    if opened.unit != DENSITY:
        raise Unusable(
            f"{opened.name}: found a pQCT section in '{opened.unit}', wanted {DENSITY}: the slope stands in the "
            "scanner's own .TYP file, not in the scan: say it by --slope and --intercept"
        )
    place = Place(sites_of_form=() if told.percent is None else (told.percent,))
    try:
        found = measure_pqct(opened.values, opened.spacing_mm, told.side, place)
    except ValueError as error:
        hint = "" if told.percent else "; --percent says where a section of the shaft lies"
        raise Unusable(f"{opened.name}: {error}{hint}") from None
    indices = {one.name: {"value": one.value, "unit": QUANTITIES[one.name].unit} for one in found.values}
    return _Found(indices, {}, found.notes)


def _say(step: int, of: int, words: str) -> None:
    sys.stderr.write(f"{step} of {of}: {words}\n")
    sys.stderr.flush()


def _to_text(answer: dict[str, Any], notes: tuple[str, ...]) -> str:
    width = max(8, *map(len, answer["indices"]))
    lines = [f"{name:<{width}} {one['value']:>10.4f} {one['unit']}" for name, one in answer["indices"].items()]
    lines += [f"Note: {note}." for note in notes]
    lines.append(f"{answer['seconds']:.1f} s, {answer['peak_memory_mb']:.0f} MB. Research use, not a medical device.")
    return "\n".join(lines)
