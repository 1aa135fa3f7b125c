"""Write a snapshot's folder from what the worker laid beside it: the child process of the job "datasets.build".

Pure: numpy and the standard library; started as `python -m cohort.datasets.writing FOLDER`. It knows tokens alone.

    FOLDER/plan.json              what the manifest begins with
    FOLDER/rows.json              [{"token", "values": {column: value}, "label": 0|1|null, "weight": w|null}]
    FOLDER/images.json            [{"token", "modality", "side", "spacing_mm": [z, y, x], "unit", "intensity", "file"}]
    FOLDER/raw/*.npy              (z, y, x), as read from the store
    FOLDER/result/                the snapshot: manifest.json, table.csv, labels.csv, images.csv, images/
"""

import csv
import hashlib
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort.datasets.intensity import Intensity, make_attenuation
from portal.jobs.reporting import report_progress, report_result, run_reporting
from portal.proof import jcs

FORMAT = "trabecula.snapshot/1"
STORED = "stored value"
CHUNK = 1 << 20

Array = NDArray[np.float32]


def main(arguments: list[str]) -> int:
    """Write the snapshot of a folder; return the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m cohort.datasets.writing FOLDER\n")
        return 2
    folder = Path(arguments[0])
    return run_reporting(lambda: write_and_report(folder))


def write_and_report(folder: Path) -> int:
    """Write the snapshot and say what came out. Nothing of it tells a label."""
    manifest = write_snapshot(folder)
    report_result({"sha256": manifest["sha256"], "n": manifest["n"], "n_files": len(manifest["files"])})
    return 0


def write_snapshot(folder: Path) -> dict[str, Any]:
    """Write FOLDER/result/ and return its manifest. Raises ValueError where what was laid out does not fit."""
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    rows = sorted(json.loads((folder / "rows.json").read_text("utf-8")), key=lambda row: str(row["token"]))
    images = sorted(
        json.loads((folder / "images.json").read_text("utf-8")), key=lambda one: (one["token"], one["modality"])
    )
    result = folder / "result"
    result.mkdir(exist_ok=True)
    write_table(result / "table.csv", [column["name"] for column in plan["columns"]], rows)
    if plan["purpose"] == "train":
        write_labels(result / "labels.csv", rows, has_weights=plan["weights"] is not None)
    elif plan["weights"] is not None:
        _write_csv(result / "weights.csv", ["token", "weight"], [[row["token"], _cell(row["weight"])] for row in rows])
    write_images(folder, result, images)
    manifest = {**plan, "format": FORMAT, "n": len(rows), "files": list_files(result)}
    manifest["sha256"] = hash_manifest(manifest)
    (result / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return manifest


def hash_manifest(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest's canonical JSON without its own `sha256`."""
    return hashlib.sha256(jcs.dumps({key: value for key, value in manifest.items() if key != "sha256"})).hexdigest()


def list_files(result: Path) -> list[dict[str, Any]]:
    """Return path, SHA-256 and size of every file but the manifest, by path."""
    paths = sorted(path for path in result.rglob("*") if path.is_file() and path.name != "manifest.json")
    return [
        {"path": path.relative_to(result).as_posix(), "sha256": hash_file(path), "bytes": path.stat().st_size}
        for path in paths
    ]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file without holding it in memory."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def check_folder(result: Path, manifest: Mapping[str, Any]) -> None:
    """Raise ValueError unless a snapshot's folder holds exactly what its manifest says."""
    if hash_manifest(manifest) != manifest["sha256"]:
        raise ValueError("the manifest does not have the hash it states")
    found = list_files(result)
    if found != list(manifest["files"]):
        stated = {one["path"]: one["sha256"] for one in manifest["files"]}
        there = {one["path"]: one["sha256"] for one in found}
        odd = sorted(path for path in stated.keys() | there.keys() if stated.get(path) != there.get(path))
        raise ValueError(f"{len(odd)} file(s) are not what the manifest says, the first is {odd[0] if odd else '?'}")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write token and columns, a line for each participant; an empty cell is a missing value."""
    lines = [[row["token"], *(_cell(row["values"].get(name)) for name in columns)] for row in rows]
    _write_csv(path, ["token", *columns], lines)


def write_labels(path: Path, rows: Iterable[Mapping[str, Any]], *, has_weights: bool) -> None:
    """Write token and label, with the survey weight where there is one. Raises ValueError for a row without label."""
    lines = []
    for row in rows:
        if row["label"] not in {0, 1}:
            raise ValueError("a row for training has no label")
        lines.append([row["token"], str(row["label"]), *([_cell(row["weight"])] if has_weights else [])])
    _write_csv(path, ["token", "label", *(["weight"] if has_weights else [])], lines)


def write_images(folder: Path, result: Path, images: Sequence[Mapping[str, Any]]) -> None:
    """Write every image in its canonical form, and the list of them."""
    lines = []
    for number, one in enumerate(images, start=1):
        values = np.load(folder / one["file"], allow_pickle=False)
        intensity = Intensity(**one["intensity"]) if one["modality"] == "film" else None
        canonical, unit, is_flipped = make_canonical(values, one["side"], one["unit"], intensity)
        name = f"images/{one['modality']}/{one['token']}.npy"
        (result / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(result / name, canonical, allow_pickle=False)
        spacing = [_cell(float(step)) for step in one["spacing_mm"]]
        lines.append([one["token"], one["modality"], name, one["side"], str(int(is_flipped)), *spacing, unit])
        if number % 10 == 0 or number == len(images):
            report_progress(number, len(images), "writing images")
    head = ["token", "modality", "file", "side", "flipped", "spacing_mm_z", "spacing_mm_y", "spacing_mm_x", "unit"]
    _write_csv(result / "images.csv", head, lines)


def make_canonical(values: NDArray[Any], side: str, unit: str, intensity: Intensity | None) -> tuple[Array, str, bool]:
    """Return an image as models read it, its unit, and whether it was mirrored.

    values: (z, y, x). Left forearms are mirrored to right ones, so that one net sees one bone.
    intensity: of a film, whose stored values become relative attenuation; densities keep their unit.
    Raises ValueError where an image is not three axes of finite numbers.
    """
    if values.ndim != 3 or not np.isfinite(values).all():
        raise ValueError("an image is not three axes of finite numbers")
    found: Array = values.astype(np.float32)
    if intensity is not None and unit == STORED:
        found, unit = make_attenuation(found, intensity)
    is_flipped = side == "L"
    return np.ascontiguousarray(found[:, :, ::-1] if is_flipped else found), unit, is_flipped


def _cell(value: Any) -> str:
    if value is None:
        return ""
    # repr is the shortest text that reads back as the same number.
    return repr(value) if isinstance(value, float) else str(value)


def _write_csv(path: Path, head: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    path.write_text(text.getvalue(), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
