"""Originals are sealed piece by piece, and no piece can be changed, lost or swapped unseen."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from cohort.imaging import originals
from cohort.imaging.keys import date_shift_days, originals_key, study_key_hex
from cohort.imaging.originals import OVERHEAD, PREFIX, drop_original, keep_original, path_of, read_original
from portal.core.errors import UnreadableFile

PIECE = 64


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "PIECE", PIECE)


def keep(tmp_path: Path, content: bytes) -> uuid.UUID:
    (tmp_path / "plain").write_bytes(content)
    key = uuid.uuid4()
    keep_original(tmp_path / "plain", key)
    return key


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_kept_comes_back_whatever_its_size(tmp_path: Path, size: int):
    content = bytes(range(256)) * 2
    key = keep(tmp_path, content[:size])
    assert b"".join(read_original(key)) == content[:size]
    assert path_of(key).stat().st_mode & 0o077 == 0


def test_nothing_of_it_can_be_read_without_the_key(tmp_path: Path, settings: Any):
    key = keep(tmp_path, b"Smith^John" * 20)
    assert b"Smith" not in path_of(key).read_bytes()
    settings.DEID_KEY = "another secret of at least 32 characters"
    with pytest.raises(UnreadableFile, match="another key, or changed bytes"):
        list(read_original(key))


def pieces_of(content: bytes) -> tuple[bytes, list[bytes]]:
    step = PIECE + OVERHEAD
    rest = content[PREFIX:]
    return content[:PREFIX], [rest[at : at + step] for at in range(0, len(rest), step)]


@pytest.mark.parametrize("damage", ["swapped", "cut", "doubled", "changed"])
def test_a_damaged_original_is_refused(tmp_path: Path, damage: str):
    key = keep(tmp_path, b"x" * 3 * PIECE)
    prefix, pieces = pieces_of(path_of(key).read_bytes())
    assert len(pieces) == 3
    changed = {
        "swapped": [pieces[1], pieces[0], pieces[2]],
        "cut": pieces[:2],
        "doubled": [*pieces, pieces[2]],
        "changed": [bytes([pieces[0][0] ^ 1]) + pieces[0][1:], *pieces[1:]],
    }[damage]
    path_of(key).write_bytes(prefix + b"".join(changed))
    with pytest.raises(UnreadableFile, match="changed bytes"):
        list(read_original(key))


def test_a_deleted_original_is_named(tmp_path: Path):
    key = keep(tmp_path, b"x")
    drop_original(key)
    drop_original(key)
    with pytest.raises(UnreadableFile, match="no longer kept"):
        list(read_original(key))


def test_no_key_serves_two_uses_and_each_is_repeatable():
    secret, study, other = "s" * 40, uuid.UUID(int=1), uuid.UUID(int=2)
    assert study_key_hex(secret, study) == study_key_hex(secret, study)
    keys = {study_key_hex(secret, study), study_key_hex(secret, other), originals_key(secret).hex()}
    assert len(keys) == 3
    shifts = {date_shift_days(secret, study, uuid.UUID(int=number)) for number in range(500)}
    assert min(shifts) >= -730
    assert max(shifts) <= -1
    assert len(shifts) > 300
