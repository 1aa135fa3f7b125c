"""What the reader of an upload is told: `upload.json` in its folder (pure)."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cohort.formats.limits import MEBIBYTE, Limits

SIDES = frozenset({"L", "R"})
_FILE_BYTES = 2048 * MEBIBYTE
_HEADER_WRONG = "header_wrong"


@dataclass(frozen=True)
class Incoming:
    """One file that arrived. path: inside FOLDER/in. n_bytes and sha256: as it was acknowledged."""

    id: str
    path: Path
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class Told:
    """All that the reader is told of an upload; it names nobody."""

    files: tuple[Incoming, ...]
    code: str
    salt: str = field(repr=False)
    fingerprints: tuple[str, ...] = field(repr=False)
    modality: str
    side: str
    key: bytes = field(repr=False)
    shift_days: int = field(repr=False)
    is_simulated: bool
    limits: Limits
    header_side_is_wrong: bool = False
    """Somebody has said, with a reason, that the header's side is the wrong one."""


def read_told(folder: Path) -> Told:
    """Return what FOLDER/upload.json says. Raises ValueError naming what is wrong with it."""
    try:
        told = json.loads((folder / "upload.json").read_text("utf-8"))
        return _told(folder, told)
    except KeyError as error:
        raise ValueError(f"upload.json lacks {error}") from None
    except (OSError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"upload.json cannot be read ({type(error).__name__})") from None


def _told(folder: Path, told: dict[str, Any]) -> Told:
    declared, expected, study = told["declared"], told["expected"], told["study"]
    if declared["side"] not in SIDES or study["origin"] not in {"human", "simulated"}:
        raise ValueError("upload.json declares no side L or R, or no origin human or simulated")
    return Told(
        files=tuple(_incoming(folder, one) for one in told["files"]),
        code=str(expected["code"]),
        salt=str(expected["salt"]),
        fingerprints=tuple(str(one) for one in expected["fingerprints"]),
        modality=str(declared["modality"]),
        side=str(declared["side"]),
        key=bytes.fromhex(study["key_hex"]),
        shift_days=int(study["date_shift_days"]),
        is_simulated=study["origin"] == "simulated",
        limits=_limits(told.get("limits") or {}),
        header_side_is_wrong=declared.get("side_answer") == _HEADER_WRONG,
    )


def _incoming(folder: Path, told: dict[str, Any]) -> Incoming:
    inside = (folder / "in").resolve()
    path = (inside / str(told["path"])).resolve()
    if not path.is_relative_to(inside):
        raise ValueError("upload.json names a file outside its folder")
    return Incoming(str(told["id"]), path, int(told["bytes"]), str(told["sha256"]))


def _limits(told: dict[str, Any]) -> Limits:
    """An image is held three times at the worst, stored, decoded and rescaled, within the data limit of the process."""
    data_bytes = int(told.get("data_bytes", Limits.decoded_bytes))
    return Limits(
        file_bytes=int(told.get("file_bytes", _FILE_BYTES)),
        decoded_bytes=max(1, data_bytes // 3),
        inflated_bytes=max(1, min(Limits.inflated_bytes, data_bytes // 6)),
    )
