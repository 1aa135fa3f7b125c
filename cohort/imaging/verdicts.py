"""What the reader of an upload answered, taken in with distrust (pure): it ran on files anybody may have made.

The reader is `python -m cohort.deid FOLDER`; its answer lies in FOLDER/out/verdicts.json.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

VERDICTS = ("accepted", "refused", "side_conflict")
LARGEST_ANSWER_BYTES = 32 << 20
ROLES = ("image", "volume", "thumbnail")


class BadAnswer(ValueError):
    """The reader's answer is not what it should be. The text says where."""


@dataclass(frozen=True)
class FileVerdict:
    """What became of one file: its series' number if it was taken in, else a sentence the sender can act on."""

    id: str
    verdict: str
    step: str
    code: str
    reason: str
    series: int | None


@dataclass(frozen=True)
class OutFile:
    """A file the reader wrote, below FOLDER/out."""

    path: Path
    role: str
    sha256: str
    n_bytes: int
    transfer_syntax: str


@dataclass(frozen=True)
class SeriesFound:
    """One series as read: its columns, its true facts, its files."""

    number: int
    columns: Mapping[str, Any]
    facts: Mapping[str, Any]
    motion_grade: int | None
    files: list[OutFile] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """All of it."""

    files: list[FileVerdict]
    series: list[SeriesFound]


def read_answer(folder: Path) -> Answer:
    """Return the answer in `folder`/out. Raises BadAnswer naming what is wrong with it."""
    out = (folder / "out").resolve()
    path = out / "verdicts.json"
    try:
        if path.stat().st_size > LARGEST_ANSWER_BYTES:
            raise BadAnswer(f"verdicts.json is larger than {LARGEST_ANSWER_BYTES >> 20} MB")
        told = json.loads(path.read_text("utf-8"))
        series = [_series(out, one) for one in told["series"]]
        files = [_file(one) for one in told["files"]]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadAnswer):
            raise
        raise BadAnswer(f"verdicts.json cannot be understood ({type(error).__name__}: {error})") from None
    numbers = {one.number for one in series}
    if len(numbers) != len(series):
        raise BadAnswer("two series have one number")
    for one in files:
        if one.verdict == "accepted" and one.series not in numbers:
            raise BadAnswer("a file was accepted into a series that is not there")
    return Answer(files, series)


def _file(told: Mapping[str, Any]) -> FileVerdict:
    verdict = str(told["verdict"])
    code = str(told.get("code") or "")
    if verdict == "refused" and code == "side_conflict":
        verdict = "side_conflict"
    if verdict not in VERDICTS:
        raise BadAnswer(f"'{verdict}' is no verdict; wanted one of {', '.join(VERDICTS)}")
    number = told.get("series")
    return FileVerdict(
        id=str(told["id"]),
        verdict=verdict,
        step=str(told.get("step") or "")[:20],
        code=code[:40],
        reason=str(told.get("reason") or "")[:500],
        series=int(number) if number is not None and verdict == "accepted" else None,
    )


def _series(out: Path, told: Mapping[str, Any]) -> SeriesFound:
    device = told.get("device") or {}
    taken_on = told.get("taken_on")
    return SeriesFound(
        number=int(told["n"]),
        columns={
            "modality": str(told["modality"]),
            "region": str(told.get("region") or "")[:40],
            "side": str(told["side"]),
            "kind": str(told.get("kind") or "")[:20],
            "unit": str(told.get("unit") or "")[:20],
            "n_instances": int(told["n_instances"]),
            "rows": int(told["rows"]),
            "columns": int(told["columns"]),
            "spacing_mm": [float(one) for one in told.get("spacing_mm") or []],
            "spacing_is": str(told.get("spacing_is") or "none"),
            "pixel_sha256": str(told["pixel_sha256"]),
            "value_min": float(_extreme(told, "min")),
            "value_max": float(_extreme(told, "max")),
        },
        facts={
            "taken_on": date.fromisoformat(taken_on) if taken_on else None,
            "age_years": int(told["age_years"]) if told.get("age_years") is not None else None,
            "maker": str(device.get("maker") or "")[:120],
            "device": str(device.get("model") or "")[:120],
            "serial": str(device.get("serial") or "")[:120],
            "exposure": dict(told.get("exposure") or {}),
            "side_evidence": dict(told.get("side_evidence") or {}),
        },
        motion_grade=_grade(told.get("motion")),
        files=[_out_file(out, one) for one in told["files"]],
    )


def _grade(told: object) -> int | None:
    return told if isinstance(told, int) and 1 <= told <= 5 else None


def _extreme(told: Mapping[str, Any], which: str) -> float:
    volume = told.get("volume") or told
    return float(volume[which])


def _out_file(out: Path, told: Mapping[str, Any]) -> OutFile:
    path = out / str(told["name"])
    # The reader may have been taken over by what it read: nothing outside its own folder, and no link, is followed.
    if path.is_symlink() or not path.resolve().is_relative_to(out) or not path.is_file():
        raise BadAnswer(f"'{told['name']}' is no file of the reader's own")
    role = str(told.get("role") or _role_of(path.name))
    if role not in ROLES:
        raise BadAnswer(f"'{role}' is no role of a file; wanted one of {', '.join(ROLES)}")
    return OutFile(path, role, str(told["sha256"]), int(told["bytes"]), str(told.get("transfer_syntax") or "")[:64])


def _role_of(name: str) -> str:
    return {".png": "thumbnail", ".npy": "volume"}.get(Path(name).suffix.lower(), "image")
