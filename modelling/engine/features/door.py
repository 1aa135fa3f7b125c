"""`python -m modelling.engine measure FILE`: the indices of a bone volume, for people and for programs."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cohort.formats.volume import DENSITY, HRPQCT, PQCT
from modelling.engine.features.catalogue import QUANTITIES
from modelling.engine.features.contour import RADIUS, SITES
from modelling.engine.features.densitometry import measure_pqct
from modelling.engine.features.morphometry import UNITS, measure_bone, outline_bone
from modelling.engine.features.thickness import EXACT, MODES
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
"""

EXAMPLES: Final = """\
indices and units:
  Tt.Ar Tb.Ar Ct.Ar mm2   Ct.Pm mm   Tt.vBMD Tb.vBMD Ct.vBMD mg HA/cm3
  BV/TV 1   Tb.N 1/mm   Tb.Th Tb.Sp Ct.Th mm   Ct.Po 1
  an index that the volume cannot give (a density without calibration, a cortex in a cube) is not in the answer

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
    parser.add_argument("--mode", choices=MODES, default=EXACT, help="how thickness is taken (exact)")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    told = make_parser().parse_args(words)
    begun = time.perf_counter()
    try:
        opened = open_volume(told.file, segmented=told.segmented, threshold=told.threshold)
        indices, seen = _measure(opened, told.site, told.mode)
    except ValueError as error:
        sys.stderr.write(f"cannot measure: {error}\n")
        return BAD_INPUT
    answer = {
        "indices": indices,
        "seconds": round(time.perf_counter() - begun, 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    sys.stdout.write((json.dumps(answer, indent=1) if told.json else _to_text(answer, seen)) + "\n")
    return 0


def _measure(opened: Opened, site: str, mode: str) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the indices, each with its unit, and how much of each phase was seen whole."""
    if opened.kind == PQCT:
        return _measure_section(opened), {}
    if opened.kind != HRPQCT:
        raise Unusable(f"{opened.name}: found a {opened.kind} image, wanted an HR-pQCT volume or a pQCT section")
    density = opened.values if opened.unit == DENSITY else None
    if density is None and opened.bone is None:
        raise Unusable(
            f"{opened.name}: found values in '{opened.unit}' and no density calibration in the header, wanted "
            f"{DENSITY}, or --segmented or --threshold to say what is bone"
        )
    _say(0, 6, "segmentation and outlines")
    bone = outline_bone(density, opened.bone, opened.spacing_mm, site)
    found = measure_bone(bone, mode, _say)
    for name, why in found.left_out.items():
        sys.stderr.write(f"{name} is left out: {why}\n")
    return {name: {"value": value, "unit": UNITS[name]} for name, value in found.indices.items()}, found.seen


def _measure_section(opened: Opened) -> dict[str, Any]:
    if opened.unit != DENSITY:
        raise Unusable(
            f"{opened.name}: found a pQCT section in '{opened.unit}', wanted {DENSITY}: the slope stands in the "
            "scanner's own .TYP file, not in the scan"
        )
    found = measure_pqct(opened.values, opened.spacing_mm, "R")
    if not found.values:
        raise Unusable(f"{opened.name}: {found.left_out[0].why if found.left_out else 'nothing could be measured'}")
    return {one.name: {"value": one.value, "unit": QUANTITIES[one.name].unit} for one in found.values}


def _say(step: int, of: int, words: str) -> None:
    sys.stderr.write(f"{step} of {of}: {words}\n")
    sys.stderr.flush()


def _to_text(answer: dict[str, Any], seen: dict[str, float]) -> str:
    lines = [f"{name:<8} {one['value']:>10.4f} {one['unit']}" for name, one in answer["indices"].items()]
    if any(share < 0.5 for share in seen.values()):
        lines.append("Less than half of a phase lies where its largest ball is wholly seen: the volume is small.")
    lines.append(f"{answer['seconds']:.1f} s, {answer['peak_memory_mb']:.0f} MB. Research use, not a medical device.")
    return "\n".join(lines)
