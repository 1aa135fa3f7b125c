"""Checkpoints: whole or not there."""

import errno
import os
from pathlib import Path

import pytest

from portal.jobs import checkpoints


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    kept = checkpoints.write(tmp_path, 5, b"after five steps")
    (found,) = checkpoints.find(tmp_path)
    assert found == kept
    assert checkpoints.read(found) == b"after five steps"


def test_the_newest_two_are_kept_and_the_newest_comes_first(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        checkpoints.write(tmp_path, step, f"state {step}".encode())
    assert [one.step for one in checkpoints.find(tmp_path)] == [3, 2]


@pytest.mark.parametrize("damage", ["cut short", "one byte changed", "emptied"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    kept = checkpoints.write(tmp_path, 5, b"after five steps")
    assert checkpoints.is_whole(kept)
    changed = {"cut short": b"after five", "one byte changed": b"aftEr five steps", "emptied": b""}[damage]
    kept.path.write_bytes(changed)
    assert not checkpoints.is_whole(kept)
    with pytest.raises(checkpoints.TornCheckpoint, match="does not hold what its name says"):
        checkpoints.read(kept)


def test_a_refused_write_leaves_the_older_ones_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [checkpoints.write(tmp_path, step, b"good") for step in (1, 2)]

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.write(tmp_path, 3, b"does not fit")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(one.path.name for one in before)


def test_an_unfinished_file_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / ".step-000000004.unfinished").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("not one either")
    assert checkpoints.find(tmp_path) == []


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert checkpoints.find(tmp_path / "never made") == []
