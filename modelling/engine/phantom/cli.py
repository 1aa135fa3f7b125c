"""`python -m modelling.engine phantom --participants N --seed S --out DIR`: writes a cohort of invented people."""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from modelling.engine.phantom.aluminium import WEDGE
from modelling.engine.phantom.cohort import STRATEC_SHARE, Plan, write_json, write_participant
from modelling.engine.phantom.defects import DEFECTS
from modelling.engine.phantom.dicom_writer import MARK
from modelling.engine.phantom.fine import COARSEST_MM, FINEST_MM
from modelling.engine.phantom.outcomes import PLAIN, WORLDS
from modelling.engine.phantom.person import REFERENCE_DAY
from modelling.engine.processes import work_in_order

HELP = "write a cohort of simulated people: images as scanners send them, answers for the forms, and the truth"
FORMAT = "trabecula.phantom/1"
_EPILOG = f"""\
Every file says {MARK}. One folder a participant:
  film.dcm dxa.dcm pqct-1.dcm pqct-2.dcm hrpqct.isq   what scanners send (some have a Stratec alone: I*.M01)
  answers.json                                        what a nurse would write down
  truth.json                                          what nobody in a study knows: traits, strength, risks, labels
and manifest.json: the plan, and the SHA-256 of each file. The same plan gives the same bytes. A command that was
stopped goes on where it was.

voxels:  {FINEST_MM} to {COARSEST_MM} mm draw each trabecula and canal; 0.061 is an XtremeCT II. Above, the structure is
         averaged: quick, and without an HR-pQCT.
worlds:  {"".join(f"{name:<14} {words}{chr(10)}         " for name, words in WORLDS.items()).rstrip()}
defects: {"".join(f"{name:<14} {words}{chr(10)}         " for name, words in DEFECTS.items()).rstrip()}

examples:
  python -m modelling.engine phantom --participants 24 --seed 1 --out cohort --voxel-mm 0.122
  python -m modelling.engine phantom --participants 500 --seed 1 --out cohort --no-dicom --world film-blind
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of the command."""
    parser.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="as --out, but averaged unless said")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the folders of the participants are written")
    parser.add_argument("--participants", "--n", type=int, default=24, dest="n", metavar="N", help="how many (24)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes (1)")
    parser.add_argument("--first", type=int, default=0, help="index of the first participant (0)")
    parser.add_argument("--world", default=PLAIN, choices=sorted(WORLDS), help="what is true of the inputs (plain)")
    parser.add_argument("--voxel-mm", type=float, metavar="MM", help="side of a voxel (0.061; 0.5 with FOLDER)")
    parser.add_argument("--no-dicom", action="store_true", help="write images.npz in place of the scanners' files")
    parser.add_argument("--defects", type=float, default=0.0, metavar="SHARE", help="share with something wrong (0)")
    parser.add_argument("--stratec", type=float, metavar="SHARE", help=f"share with a Stratec alone ({STRATEC_SHARE})")
    parser.add_argument("--wedge", action="store_true", help=f"a step wedge lies on each film: {WEDGE}")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="how many are made at once (1)")
    parser.add_argument("--visit-on", type=date.fromisoformat, default=REFERENCE_DAY, metavar="YYYY-MM-DD")


def main(words: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m modelling.engine phantom",
        description=HELP,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    return run(parser.parse_args(words))


def run(arguments: argparse.Namespace) -> int:
    """Write one folder a participant and the manifest; return 0, or 2 with one sentence where nothing can be made."""
    try:
        out, plan = _read(arguments)
        _write_cohort(out, plan, range(arguments.first, arguments.first + arguments.n), arguments.processes)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _read(arguments: argparse.Namespace) -> tuple[Path, Plan]:
    """Return where the cohort goes and what it is. Raises ValueError for numbers that make none."""
    if arguments.n < 1 or min(arguments.seed, arguments.first) < 0 or arguments.processes < 1:
        found = f"n is {arguments.n}, seed {arguments.seed}, first {arguments.first}, processes {arguments.processes}"
        raise ValueError(f"{found}; wanted n from 1, seed and first from 0, processes from 1")
    if (arguments.out is None) == (arguments.folder is None):
        raise ValueError("where to write was said not at all or twice; wanted --out DIR")
    is_short = arguments.out is None
    voxel = arguments.voxel_mm if arguments.voxel_mm is not None else 0.5 if is_short else 0.061
    if voxel < FINEST_MM:
        raise ValueError(f"a voxel of {voxel} mm; wanted {FINEST_MM} mm or more")
    shares = (arguments.defects, arguments.stratec if arguments.stratec is not None else 0.0)
    if not all(0.0 <= share <= 1.0 for share in shares):
        raise ValueError(f"shares of {shares[0]} and {shares[1]}; wanted 0 to 1")
    stratec = arguments.stratec if arguments.stratec is not None else 0.0 if is_short else STRATEC_SHARE
    plan = Plan(
        seed=arguments.seed, world=arguments.world, voxel_mm=voxel, is_dicom=not arguments.no_dicom,
        defect_share=arguments.defects, stratec_share=stratec, visit_on=arguments.visit_on, has_wedge=arguments.wedge,
    )  # fmt: skip
    return arguments.out or arguments.folder, plan


def _write_cohort(out: Path, plan: Plan, indices: range, n_processes: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    _claim(out / "plan.json", plan)
    wishes = [(plan, index, out / f"person-{index:04d}") for index in indices]
    begun = time.monotonic()
    written = map(_write_one, wishes) if n_processes == 1 else work_in_order(_write_one, wishes, n_processes)
    for done, _ in enumerate(written, 1):
        _tell(done, len(wishes), begun)
    _write_manifest(out, plan)


def _write_one(wish: tuple[Plan, int, Path]) -> None:
    write_participant(*wish)


def _claim(path: Path, plan: Plan) -> None:
    """Write the plan; a folder that holds another plan's people is refused."""
    wanted = {"mark": MARK, "format": FORMAT} | _plain(plan)
    if path.exists() and json.loads(path.read_text("utf-8")) != wanted:
        raise ValueError(f"{path.parent} holds a cohort of another plan; wanted an empty folder or the same plan")
    write_json(path, wanted)


def _plain(plan: Plan) -> dict[str, Any]:
    return asdict(plan) | {"visit_on": plan.visit_on.isoformat()}


def _tell(done: int, n: int, begun: float) -> None:
    each = (time.monotonic() - begun) / done
    left = f", about {each * (n - done) / 60:.0f} min left" if each * (n - done) >= 60 else ""
    sys.stdout.write(f"{done} of {n}{left}\n")
    sys.stdout.flush()


def _write_manifest(out: Path, plan: Plan) -> None:
    paths = sorted(path for path in out.glob("person-*/*") if path.is_file())
    files = [
        {"path": path.relative_to(out).as_posix(), "bytes": path.stat().st_size, "sha256": _hash(path)}
        for path in paths
    ]
    write_json(out / "manifest.json", {"mark": MARK, "format": FORMAT, "plan": _plain(plan), "files": files})


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
