"""`python -m modelling.engine strength FILE`: the stiffness and failure load of a bone, in a terminal."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from cohort.formats.volume import DENSITY, HRPQCT
from modelling.engine.fe.criterion import Criterion
from modelling.engine.fe.loads import DIRECTIONS, make_load
from modelling.engine.fe.material import Material, modulus_from_density, modulus_from_power_law
from modelling.engine.fe.solver import NotConverged, Settings
from modelling.engine.fe.strength import MechanicalTest, Strength, measure_strength
from modelling.engine.opening import Opened, open_volume

_HELP = """\
Test a bone mechanically, from its image alone: every bone voxel becomes a finite element, the lowest layer is glued,
the highest is moved by the strain times the height, and the load at which the bone would fail follows.

FILE is a folder of DICOM slices, a Scanco ISQ or AIM, or a NIfTI. Bone is what --segmented (everything
but 0) or --threshold (everything above N, in the file's own unit, such as mg HA/cm3) says; its largest piece is tested.
"""

_EXAMPLES = """\
the answer:
  reaction_force_n     force that the strain takes, along the way the top is moved
  stiffness_n_per_mm   that force over the displacement
  failure_load_n       force at which --critical-volume of the bone is strained beyond --critical-strain
                       (Pistoia et al., Bone 30:842, 2002)
  effective_strain_at_critical_volume   sqrt(2 SED / E) exceeded by that share, SED at the centre of the element
  peak_memory_mb       the most memory that the program held
  and every parameter, so that the number can be made again.

direction:
  z      compression along the first axis of the volume, top and bottom glued to plates
  fall   shear: the top is moved along the second axis (rows), towards higher rows

material: one modulus for all bone (--modulus-mpa; 8748 is XtremeCT II's, 6829 XtremeCT's), or from the density of each
voxel: --graded linear is E = 25 BMD - 5830 (Mulder 2007), --graded power is E = 10000 (BMD / 1000)^1.7, both in MPa.

exit status: 0 measured; 2 the input cannot be used, or the solution did not converge. Progress goes to stderr.

examples:
  python -m modelling.engine strength radius_SEG.AIM --segmented
  python -m modelling.engine strength radius.nii.gz --threshold 320 --direction fall --json
  python -m modelling.engine strength cube.nii.gz --segmented --modulus-mpa 10000 --field energy.nii.gz
"""


def main(words: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    arguments = _make_parser().parse_args(words)
    begun = time.monotonic()
    try:
        test = _make_test(arguments)
        opened = open_volume(arguments.file, segmented=arguments.segmented, threshold=arguments.threshold)
        found, answer = _measure(opened, test, arguments)
        answer["seconds"] = round(time.monotonic() - begun, 3)
        if arguments.field is not None:
            _write_field(arguments.field, found.fill_field(opened.values.shape), opened.spacing_mm)
    except (ValueError, NotConverged) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    # Linux counts in kB. Taken last, so that writing the field is in it.
    answer["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    sys.stdout.write((json.dumps(answer, indent=2) if arguments.json else _to_text(answer)) + "\n")
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m modelling.engine strength",
        description=_HELP,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the volume")
    bone = parser.add_mutually_exclusive_group(required=True)
    bone.add_argument("--segmented", action="store_true", help="every voxel other than 0 is bone")
    bone.add_argument("--threshold", type=float, metavar="N", help="every voxel above N is bone")
    parser.add_argument("--modulus-mpa", type=float, default=8748.0, help="Young's modulus of bone tissue (8748)")
    parser.add_argument("--graded", choices=("linear", "power"), help="take the modulus from the voxel's mg HA/cm3")
    parser.add_argument("--poisson", type=float, default=0.3, help="Poisson's ratio (0.3)")
    parser.add_argument("--strain", type=float, default=0.01, help="displacement of the top over the height (0.01)")
    parser.add_argument("--direction", choices=DIRECTIONS, default="z", help="way the top is moved (z)")
    parser.add_argument("--critical-strain", type=float, default=0.007, help="limit of the effective strain (0.007)")
    parser.add_argument("--critical-volume", type=float, default=0.02, help="share of bone beyond it (0.02)")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="relative residual to reach (1e-5)")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument("--field", type=Path, metavar="OUT.nii.gz", help="write the strain energy density, in MPa")
    return parser


def _make_test(arguments: argparse.Namespace) -> MechanicalTest:
    if arguments.field is not None and not arguments.field.name.endswith((".nii", ".nii.gz")):
        raise ValueError(f"--field is {arguments.field.name}; wanted a name that ends in .nii or .nii.gz")
    # Told before the work: a solution that cannot be written would be lost.
    if arguments.field is not None and not arguments.field.parent.is_dir():
        raise ValueError(f"--field: {arguments.field.parent} is no folder; wanted one that exists")
    if arguments.field is not None and arguments.field.is_dir():
        raise ValueError(f"{arguments.field.name}: the field cannot be written: it is a folder")
    return MechanicalTest(
        Material(arguments.modulus_mpa, arguments.poisson),
        make_load(arguments.direction, arguments.strain),
        Criterion(arguments.critical_strain, arguments.critical_volume),
        Settings(arguments.tolerance),
    )


def _measure(opened: Opened, test: MechanicalTest, arguments: argparse.Namespace) -> tuple[Strength, dict[str, Any]]:
    if opened.kind != HRPQCT:
        raise ValueError(f"{opened.name}: found a {opened.kind} image, wanted a bone volume of many slices")
    if opened.bone is None:
        raise ValueError(f"{opened.name}: nothing says which voxels are bone; wanted --segmented or --threshold")
    modulus = _grade(opened, arguments.graded)
    found = measure_strength(opened.bone, opened.spacing_mm, test, modulus, _show_step)
    sys.stderr.write("\n")
    return found, {
        "file": opened.name,
        "reaction_force_n": found.reaction_force_n,
        "displacement_mm": found.displacement_mm,
        "stiffness_n_per_mm": found.stiffness_n_per_mm,
        "apparent_modulus_mpa": found.apparent_modulus_mpa,
        "failure_load_n": found.failure_load_n,
        "effective_strain_at_critical_volume": found.effective_strain_at_critical_volume,
        "elements": found.mesh.n_elements,
        "nodes": found.mesh.n_nodes,
        "dropped_voxels": found.dropped_voxels,
        "iterations": found.solution.iterations,
        "residual": found.solution.history[-1],
        "segmented": arguments.segmented,
        "threshold": arguments.threshold,
        "direction": arguments.direction,
        "graded": arguments.graded,
        "spacing_mm": list(opened.spacing_mm),
    } | test.describe()


def _grade(opened: Opened, law: str | None) -> NDArray[np.float64] | None:
    if law is None:
        return None
    if opened.unit != DENSITY:
        raise ValueError(f"{opened.name}: found values in '{opened.unit}', wanted {DENSITY} with --graded")
    density = opened.values.astype(np.float64)
    modulus = modulus_from_density(density) if law == "linear" else modulus_from_power_law(density)
    if opened.bone is not None and modulus[opened.bone].min() <= 0:
        lowest = density[opened.bone].min()
        raise ValueError(
            f"{opened.name}: bone of {lowest:g} has a modulus of {modulus[opened.bone].min():g} MPa by the {law} law; "
            "wanted densities in mg HA/cm3 that give more than 0 (a higher --threshold)"
        )
    return modulus


def _show_step(iteration: int, residual: float) -> bool:
    sys.stderr.write(f"\riteration {iteration}, residual {residual:.1e} ")
    sys.stderr.flush()
    return True


def _write_field(path: Path, field: NDArray[np.float32], spacing: tuple[float, float, float]) -> None:
    """Write a NIfTI whose axes are x, y, z, in mm."""
    z, y, x = spacing
    image = nibabel.Nifti1Image(field.transpose(2, 1, 0), np.diag([x, y, z, 1.0]))
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = b"strain energy density, MPa"
    try:
        nibabel.save(image, path)
    except OSError as error:
        raise ValueError(f"{path.name}: the field cannot be written: {error.strerror or error}") from None


def _to_text(answer: dict[str, Any]) -> str:
    return "\n".join(
        f"{name:<36} {value:.6g}" if isinstance(value, float) else f"{name:<36} {value}"
        for name, value in answer.items()
    )
