"""Checkpoints that are whole or not there: each file carries the SHA-256 of its content in its name.

Pure: the standard library alone, so that every child process can use it. A checkpoint is written to a file of
another name, synced, renamed, and its folder synced; so a crash leaves the old ones intact, and a torn or changed
file is found out by its own name (TRUST 4.2, 4.4 faults 12 and 13).
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

KEPT = 2
"""How many are kept: should the newest be torn, there is one before it."""

_NAME = re.compile(r"^step-(?P<step>[0-9]{9})-(?P<digest>[0-9a-f]{64})\.checkpoint$")


class TornCheckpoint(ValueError):
    """The content of a checkpoint does not have the hash its name says."""


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint file, by its name; whether its content fits is known after `read`."""

    path: Path
    step: int
    sha256: str


def write(folder: Path, step: int, content: bytes) -> Checkpoint:
    """Keep `content` as the state after `step` steps, then drop all but the newest two.

    Raises OSError when the disk refuses; the older checkpoints are then untouched.
    """
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    path = folder / f"step-{step:09d}-{digest}.checkpoint"
    unfinished = folder / f".step-{step:09d}.unfinished"
    try:
        with unfinished.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.rename(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    for older in find(folder)[KEPT:]:
        older.path.unlink(missing_ok=True)
    return Checkpoint(path, step, digest)


def find(folder: Path) -> list[Checkpoint]:
    """Return the checkpoints of a folder by their names, the newest first; nothing is read."""
    if not folder.is_dir():
        return []
    found = [
        Checkpoint(path, int(match["step"]), match["digest"])
        for path in folder.iterdir()
        if (match := _NAME.match(path.name))
    ]
    return sorted(found, key=lambda one: one.step, reverse=True)


def read(checkpoint: Checkpoint) -> bytes:
    """Return the content. Raises TornCheckpoint where it is not what the name promises."""
    content = checkpoint.path.read_bytes()
    if hashlib.sha256(content).hexdigest() != checkpoint.sha256:
        raise TornCheckpoint(f"{checkpoint.path.name} does not hold what its name says: it was torn or changed")
    return content


def is_whole(checkpoint: Checkpoint) -> bool:
    """True if the content has the hash in the name; read in pieces, for a checkpoint can be large."""
    digest = hashlib.sha256()
    with checkpoint.path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest() == checkpoint.sha256


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
