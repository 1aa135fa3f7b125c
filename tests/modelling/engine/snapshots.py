"""Tiny snapshot folders in the form the engine reads, with a signal of known strength, for tests.

One latent trait drives the label, brightens the images and shifts the columns. Nothing of it is bone.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.training.snapshot import FORMAT, hash_of_manifest
from portal.proof import jcs

SHAPES = {"film": (1, 40, 32), "dxa": (1, 30, 24), "pqct": (2, 32, 32)}
SPACINGS = {"film": (1.0, 1.5, 1.5), "dxa": (1.0, 2.0, 2.0), "pqct": (10.0, 2.0, 2.0)}
UNITS = {"film": "1", "dxa": "g/cm2", "pqct": "mg HA/cm3"}
COLUMNS: tuple[dict[str, Any], ...] = (
    {"name": "age_y", "kind": "number", "unit": "y", "codes": [], "group": "dem"},
    {"name": "weight_kg", "kind": "number", "unit": "kg", "codes": [], "group": "ant"},
    {"name": "sex", "kind": "category", "unit": "", "codes": ["1", "2"], "group": "dem"},
    {"name": "fall_12m", "kind": "flag", "unit": "", "codes": [], "group": "fal"},
    {"name": "ud_bmd", "kind": "number", "unit": "g/cm2", "codes": [], "group": "dxa"},
)


@dataclass(frozen=True)
class Wanted:
    """What the snapshot is to be like. signal: how much the trait shows, in SDs of the noise."""

    n: int = 36
    seed: int = 1
    prevalence: float = 0.4
    signal: float = 2.0
    modalities: Sequence[str] = ("film", "dxa", "pqct")
    missing: float = 0.15
    origin: str = "simulated"
    task: str = "OP_WHO"
    purpose: str = "train"
    with_weights: bool = False
    shuffle_labels: bool = False
    renamed: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """By the name of a column, the column it is called and described as instead."""
    shapes: Mapping[str, tuple[int, int, int]] = field(default_factory=lambda: SHAPES)


def make_snapshot(folder: Path, wanted: Wanted | None = None, **changes: Any) -> Path:
    """Write a snapshot folder and return it."""
    wanted = wanted or Wanted(**changes)
    random = np.random.default_rng(wanted.seed)
    n = wanted.n
    trait = random.normal(size=n)
    cut = np.quantile(trait, 1 - wanted.prevalence)
    labels = (trait > cut).astype(int)
    if wanted.shuffle_labels:
        labels = random.permutation(labels)
    tokens = sorted(random.bytes(16).hex() for _ in range(n))
    files: dict[str, bytes] = {"table.csv": _write_table(tokens, trait, wanted, random)}
    files |= _write_images(tokens, trait, wanted, random)
    if wanted.purpose == "train":
        head = ["token", "label", *(["weight"] if wanted.with_weights else [])]
        weights = random.uniform(0.5, 2.0, n)
        rows = [[tokens[i], labels[i], *([weights[i]] if wanted.with_weights else [])] for i in range(n)]
        files["labels.csv"] = write_csv(head, rows)
    write_folder(folder, files, wanted)
    return folder


def write_folder(folder: Path, files: Mapping[str, bytes], wanted: Wanted) -> None:
    """Write files and the manifest that names them."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    listed = [
        {"path": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in sorted(files.items())
    ]
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "id": f"snapshot-{wanted.seed}",
        "study": "TEST",
        "origin": wanted.origin,
        "task": wanted.task,
        "purpose": wanted.purpose,
        "made_at": "2026-01-01T00:00:00Z",
        "n": wanted.n,
        "columns": [wanted.renamed.get(column["name"], column) for column in COLUMNS],
        "left_out": [{"name": "ls_t", "reason": "it decides the label"}],
        "modalities": list(wanted.modalities),
        "weights": "weight" if wanted.with_weights else None,
        "consent_root": "0" * 64,
        "files": listed,
    }
    manifest["sha256"] = hash_of_manifest(manifest)
    (folder / "manifest.json").write_bytes(jcs.dumps(manifest))


def change_table(folder: Path, token: str, name: str, value: str) -> None:
    """Change one cell of the table and mend the hashes, as if the snapshot had been made so."""
    rows = list(csv.reader((folder / "table.csv").read_text("utf-8").splitlines()))
    for row in rows[1:]:
        if row[0] == token:
            row[rows[0].index(name)] = value
    replace_file(folder, "table.csv", write_csv(rows[0], rows[1:]))


def change_manifest(folder: Path, **values: Any) -> None:
    """Put other values into a snapshot's manifest and mend its hash."""
    manifest = jcs.loads((folder / "manifest.json").read_bytes())
    assert isinstance(manifest, dict)
    changed: dict[str, Any] = {**manifest, **values}
    changed["sha256"] = hash_of_manifest(changed)
    (folder / "manifest.json").write_bytes(jcs.dumps(changed))


def replace_file(folder: Path, name: str, content: bytes) -> None:
    """Put another content into a file of a snapshot and mend the hashes."""
    manifest = jcs.loads((folder / "manifest.json").read_bytes())
    assert isinstance(manifest, dict)
    (folder / name).write_bytes(content)
    changed: dict[str, Any] = dict(manifest)
    for one in changed["files"]:
        if one["path"] == name:
            one |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    changed["sha256"] = hash_of_manifest(changed)
    (folder / "manifest.json").write_bytes(jcs.dumps(changed))


def write_csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Return a CSV file."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue().encode()


def _write_table(tokens: list[str], trait: NDArray[np.float64], wanted: Wanted, random: np.random.Generator) -> bytes:
    n = wanted.n
    noise = random.normal(size=(n, 3))
    columns: dict[str, list[str]] = {
        "age_y": [f"{62 + 8 * noise[i, 0] + 4 * wanted.signal * trait[i]:.1f}" for i in range(n)],
        "weight_kg": [f"{70 + 10 * noise[i, 1]:.1f}" for i in range(n)],
        "sex": [str(code) for code in random.integers(1, 3, n)],
        "fall_12m": [str(flag) for flag in random.integers(0, 2, n)],
        "ud_bmd": [f"{0.4 - 0.05 * (noise[i, 2] + wanted.signal * trait[i]):.4f}" for i in range(n)],
    }
    hidden = random.random((n, len(columns))) < wanted.missing
    cells = [["" if hidden[i, j] else columns[name][i] for j, name in enumerate(columns)] for i in range(n)]
    names = [str(wanted.renamed[name]["name"]) if name in wanted.renamed else name for name in columns]
    return write_csv(["token", *names], [[tokens[i], *cells[i]] for i in range(n)])


def _write_images(
    tokens: list[str], trait: NDArray[np.float64], wanted: Wanted, random: np.random.Generator
) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    rows: list[list[object]] = []
    for modality in wanted.modalities:
        shape = wanted.shapes[modality]
        for i, token in enumerate(tokens):
            if random.random() < wanted.missing:
                continue
            name = f"images/{modality}/{token}.npy"
            files[name] = _save(_draw(shape, wanted.signal * trait[i], random))
            rows.append([token, modality, name, "R", 0, *SPACINGS[modality], UNITS[modality]])
    head = ["token", "modality", "file", "side", "flipped", "spacing_mm_z", "spacing_mm_y", "spacing_mm_x", "unit"]
    files["images.csv"] = write_csv(head, rows)
    return files


def _draw(shape: tuple[int, int, int], shown: float, random: np.random.Generator) -> NDArray[np.float32]:
    """A bright bar on a dark ground; the trait makes it darker."""
    image = random.normal(0.2, 0.05, shape)
    third = shape[2] // 3
    image[:, :, third : 2 * third] += 1.0 - 0.15 * (shown + 0.5 * random.normal())
    return image.astype(np.float32)


def _save(values: NDArray[np.float32]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()
