"""Reads a snapshot folder (`trabecula.snapshot/1`). Pure: numpy, no torch.

    manifest.json    what it is, its columns, and the SHA-256 of every other file
    table.csv        token, then one column each; an empty cell is missing
    labels.csv       token, label and perhaps weight; only where the purpose is "train"
    images.csv       token, modality, file, side, flipped, spacing in mm, unit
    images/<modality>/<token>.npy    float32 (z, y, x)

A token stands for one person, and only in this snapshot. Whatever does not fit its hash is refused before it is used.
"""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.proof import jcs

FORMAT = "trabecula.snapshot/1"
KINDS = ("number", "category", "flag")
ORIGINS = ("simulated", "human")


@dataclass(frozen=True)
class Column:
    """One column of the table. codes: what a category may hold; group: columns that are measured together."""

    name: str
    kind: str
    unit: str
    codes: tuple[str, ...]
    group: str


@dataclass(frozen=True)
class ImageFile:
    """One stored image: where it lies and how large a voxel is, in mm, as (z, y, x)."""

    path: Path
    spacing_mm: tuple[float, float, float]
    unit: str

    def read(self) -> NDArray[np.float32]:
        """Return the values, (z, y, x) float32. Raises ValueError where it holds anything else, NaN or infinity."""
        values = np.load(self.path, allow_pickle=False)
        if values.ndim != 3 or values.dtype != np.float32 or not values.size:
            raise ValueError(f"{self.path.name} holds {values.dtype} {values.shape}; wanted float32 (z, y, x)")
        if not np.isfinite(values).all():
            raise ValueError(f"{self.path.name} holds values that are not finite")
        return np.asarray(values)


@dataclass(frozen=True)
class Snapshot:
    """What a snapshot folder holds. One row a person, in the order of `tokens`.

    cells: by column, one text a person; empty where missing.
    labels: (n,) 0 or 1, or None in a snapshot without labels.
    weights: (n,) survey weights scaled to a mean of 1, or None.
    images: by modality, then by token.
    """

    manifest: Mapping[str, Any]
    tokens: tuple[str, ...]
    columns: tuple[Column, ...]
    cells: Mapping[str, tuple[str, ...]]
    labels: NDArray[np.int64] | None
    weights: NDArray[np.float64] | None
    images: Mapping[str, Mapping[str, ImageFile]]

    @property
    def sha256(self) -> str:
        """The hash that names this snapshot: over its manifest, which holds the hash of every file."""
        return str(self.manifest["sha256"])

    @property
    def origin(self) -> str:
        """`simulated` or `human`; never both."""
        return str(self.manifest["origin"])

    @property
    def task(self) -> str:
        """What its labels tell, such as OP_WHO."""
        return str(self.manifest["task"])

    @property
    def n(self) -> int:
        """How many people are in it."""
        return len(self.tokens)


def read_snapshot(folder: Path) -> Snapshot:
    """Return what a snapshot folder holds, once every file has been compared with its hash.

    Raises ValueError naming the file, what was found and what was wanted; OSError.
    """
    manifest = _read_manifest(folder / "manifest.json")
    _check_files(folder, manifest)
    columns = tuple(_read_column(one) for one in manifest["columns"])
    rows = _read_csv(folder / "table.csv", ["token", *(column.name for column in columns)])
    tokens = tuple(row["token"] for row in rows)
    _check_tokens(tokens, manifest)
    labels, weights = _read_labels(folder / "labels.csv", tokens)
    return Snapshot(
        manifest=manifest,
        tokens=tokens,
        columns=columns,
        cells={column.name: tuple(row[column.name] for row in rows) for column in columns},
        labels=labels,
        weights=weights,
        images=_read_images(folder, set(tokens)),
    )


def hash_of_manifest(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 over the canonical JSON of a manifest without its own `sha256`."""
    return hashlib.sha256(jcs.dumps({name: value for name, value in manifest.items() if name != "sha256"})).hexdigest()


def _read_manifest(path: Path) -> dict[str, Any]:
    manifest = jcs.loads(path.read_bytes())
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{path.name} is no manifest of the format {FORMAT}")
    if missing := {"task", "origin", "columns", "files", "sha256", "purpose"} - set(manifest):
        raise ValueError(f"{path.name} lacks '{min(missing)}'")
    if manifest["origin"] not in ORIGINS:
        raise ValueError(f"the origin is '{manifest['origin']}'; wanted one of {', '.join(ORIGINS)}")
    if (found := hash_of_manifest(manifest)) != manifest["sha256"]:
        raise ValueError(f"{path.name} has the SHA-256 {found}; its own line says {manifest['sha256']}")
    return manifest


def _check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    named = {str(one["path"]): str(one["sha256"]) for one in manifest["files"]}
    for name, wanted in named.items():
        _check_inside(name)
        if (found := hashlib.sha256((folder / name).read_bytes()).hexdigest()) != wanted:
            raise ValueError(f"{name} has the SHA-256 {found}; the manifest says {wanted}")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if surplus := sorted(there - set(named) - {"manifest.json"}):
        raise ValueError(f"{surplus[0]} lies in the folder but not in the manifest")


def _check_inside(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"'{name}' points out of the snapshot folder")


def _read_column(values: Mapping[str, Any]) -> Column:
    kind = str(values["kind"])
    if kind not in KINDS:
        raise ValueError(f"the column '{values['name']}' is of the kind '{kind}'; wanted one of {', '.join(KINDS)}")
    return Column(
        name=str(values["name"]),
        kind=kind,
        unit=str(values.get("unit") or ""),
        codes=tuple(str(code) for code in values.get("codes") or ()),
        group=str(values.get("group") or "clinical"),
    )


def _check_tokens(tokens: tuple[str, ...], manifest: Mapping[str, Any]) -> None:
    if len(set(tokens)) != len(tokens):
        raise ValueError("a token stands twice in table.csv; wanted one row a person")
    if manifest.get("n") not in {None, len(tokens)}:
        raise ValueError(f"table.csv has {len(tokens)} rows; the manifest says {manifest['n']}")


def _read_labels(path: Path, tokens: tuple[str, ...]) -> tuple[NDArray[np.int64] | None, NDArray[np.float64] | None]:
    if not path.exists():
        return None, None
    rows = {row["token"]: row for row in _read_csv(path, ["token", "label"])}
    if set(rows) != set(tokens):
        raise ValueError(f"{path.name} names {len(rows)} people; table.csv names {len(tokens)}, and not the same ones")
    if unknown := sorted({row["label"] for row in rows.values()} - {"0", "1"}):
        raise ValueError(f"{path.name} holds the label '{unknown[0]}'; wanted 0 or 1")
    labels = np.array([int(rows[token]["label"]) for token in tokens], np.int64)
    if "weight" not in next(iter(rows.values()), {}):
        return labels, None
    weights = np.array([float(rows[token]["weight"]) for token in tokens], np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.sum():
        raise ValueError(f"{path.name} holds a weight that is negative or not finite")
    return labels, weights / weights.mean()


def _read_images(folder: Path, tokens: set[str]) -> dict[str, dict[str, ImageFile]]:
    path = folder / "images.csv"
    found: dict[str, dict[str, ImageFile]] = {}
    if not path.exists():
        return found
    axes = ("spacing_mm_z", "spacing_mm_y", "spacing_mm_x")
    for row in _read_csv(path, ["token", "modality", "file", *axes, "unit"]):
        of_modality = found.setdefault(row["modality"], {})
        if row["token"] in of_modality:
            raise ValueError(f"{path.name} names two images of the modality '{row['modality']}' for one person")
        if row["token"] not in tokens:
            raise ValueError(f"{path.name} names a token that table.csv does not")
        _check_inside(row["file"])
        spacing = (float(row[axes[0]]), float(row[axes[1]]), float(row[axes[2]]))
        of_modality[row["token"]] = ImageFile(folder / row["file"], spacing, row["unit"])
    return found


def _read_csv(path: Path, wanted: list[str]) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(line for line in stream if not line.startswith("#"))
        if missing := [name for name in wanted if name not in (reader.fieldnames or ())]:
            raise ValueError(f"{path.name} lacks the column '{missing[0]}'")
        return list(reader)
