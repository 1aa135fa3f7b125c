"""The command line of the engine: reads the words, calls the science, prints, and returns the exit status."""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from modelling.engine.verify import Exit, State, Verdict, verify_bundle
from portal.proof.findings import Unreadable

_VERIFY_HELP = """\
Check a bundle offline: needs no portal, no network and no trust in whoever made it.

Hashes are checked before anything is recomputed:
  members     each file in the bundle is the one its manifest promises, and there is no other
  restricted  the restricted file, if you hold it, is the one the manifest means
  signatures  enough different people signed the manifest, each with a key of their own
  ledger      each entry holds the hash of the one before, and no time goes backwards
  anchor      the ledger still holds the head that was noted outside (and the manifest, if noted too)
  batches     the commitments of the audit give the Merkle roots that stand in the ledger
A check that could not be made with what you gave says so.
"""

_VERIFY_EXAMPLES = """\
exit status:
  0  proved ("internally consistent only" if no anchor from outside was given)
  1  refuted: something is not as the bundle promises; each such thing is named
  2  unreadable: a file is not of the known form, so nothing can be said

an anchor is a small file that was kept elsewhere, on paper, in a mail or in a registry:
  {"format": "trabecula.anchor.v1", "seq": 42, "hash": "64 hexadecimal digits"}
  It may also hold "manifest_sha256", the SHA-256 of manifest.json.

examples:
  python -m modelling.engine verify public.zip
  python -m modelling.engine verify public.zip --restricted restricted.zip --anchor anchor.json
"""


_WORK = {
    "train": "modelling.engine.training.run",
    "predict": "modelling.engine.predict",
    "measure-job": "modelling.engine.features.measure",
}
"""Commands that work in a run folder, and the module whose `main` does it: loaded by name, so that the check of a
bundle never loads a numerical library."""

_WORK_HELP = {
    "train": "train a model: config.json and snapshot/ in FOLDER give result/",
    "predict": "predict with a trained model: model/ and inputs/ in FOLDER give result/predictions.csv",
    "measure-job": "the portal's measuring: volume.npy and volume.json in FOLDER give result/measurements.json",
}

_DOORS = {
    "phantom": "modelling.engine.phantom.cli",
    "measure": "modelling.engine.features.door",
    "strength": "modelling.engine.fe.cli",
}
"""Commands with words of their own, and the module whose `main` reads them: loaded by name as well."""

_DOOR_HELP = {
    "phantom": "write a cohort of simulated people: images, answers, truth",
    "measure": "measure a bone volume: DICOM folder, ISQ, AIM, Stratec or NIfTI",
    "strength": "compute the strength of a bone volume by voxel finite elements",
}


def main(words: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    if words and words[0] in _DOORS:
        return int(importlib.import_module(_DOORS[words[0]]).main(words[1:]))
    arguments = _make_parser().parse_args(words)
    if arguments.command in _WORK:
        return int(importlib.import_module(_WORK[arguments.command]).main(arguments.folder))
    return _verify(arguments.bundle, arguments.restricted, arguments.anchor, as_json=arguments.json)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m modelling.engine",
        description="Trabecula's science without its portal. Research use, not a medical device.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    verify = commands.add_parser(
        "verify",
        help="check a bundle offline",
        description=_VERIFY_HELP,
        epilog=_VERIFY_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verify.add_argument("bundle", type=Path, metavar="BUNDLE", help="the public file, such as public.zip")
    verify.add_argument("--restricted", type=Path, metavar="FILE", help="the restricted file that goes with it")
    verify.add_argument("--anchor", type=Path, metavar="FILE", help="the head of the ledger as noted outside")
    verify.add_argument("--json", action="store_true", help="print the verdict as JSON")
    for name, words in _DOOR_HELP.items():
        commands.add_parser(name, help=words, add_help=False)
    for name, words in _WORK_HELP.items():
        worker = commands.add_parser(name, help=words, description=words)
        worker.add_argument("folder", type=Path, metavar="FOLDER", help="the run folder")
    return parser


def _verify(public: Path, restricted: Path | None, anchor: Path | None, *, as_json: bool) -> int:
    try:
        verdict = verify_bundle(public, restricted=restricted, anchor=anchor)
    except Unreadable as error:
        _show_unreadable(str(error), as_json=as_json)
        return Exit.UNREADABLE
    _write(_to_json(verdict) if as_json else _to_text(verdict))
    return verdict.exit


def _show_unreadable(reason: str, *, as_json: bool) -> None:
    if as_json:
        _write(json.dumps({"exit": Exit.UNREADABLE, "summary": "unreadable", "reason": reason}, indent=2))
    else:
        sys.stderr.write(f"unreadable: {reason}\n")


def _to_text(verdict: Verdict) -> str:
    marks = {State.PROVED: "ok  ", State.REFUTED: "FAIL", State.NOT_MADE: "-   "}
    lines = []
    for check in verdict.checks:
        lines.append(f"{marks[check.state]} {check.name:<10}  {check.text}")
        lines += [f"       {finding}" for finding in check.findings]
    lines.append(f"manifest SHA-256 {verdict.manifest_sha256}")
    if verdict.head is not None:
        lines.append(f"ledger head: entry {verdict.head.seq}, hash {verdict.head.hash}")
    return "\n".join([*lines, verdict.summary])


def _to_json(verdict: Verdict) -> str:
    head = verdict.head
    return json.dumps(
        {
            "exit": verdict.exit,
            "summary": verdict.summary,
            "manifest_sha256": verdict.manifest_sha256,
            "head": {"seq": head.seq, "hash": head.hash} if head else None,
            "checks": [
                {
                    "name": check.name,
                    "state": check.state.value,
                    "text": check.text,
                    "findings": [vars(finding) for finding in check.findings],
                }
                for check in verdict.checks
            ],
        },
        indent=2,
    )


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
