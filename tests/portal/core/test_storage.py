"""The content-addressed store: once for each content, whole or not at all, refused where it was changed."""

import errno
import shutil
from collections import namedtuple
from hashlib import sha256
from pathlib import Path

import pytest

from portal.core import storage
from portal.core.errors import UnreadableFile
from portal.core.storage import StorageFull

Usage = namedtuple("Usage", "total used free")
CONTENT = b"bone" * 1000
DIGEST = sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.HOME = tmp_path / "home"  # type: ignore[attr-defined]
    return tmp_path / "home"


def put(tmp_path: Path, content: bytes = CONTENT, name: str = "file") -> str:
    (tmp_path / name).write_bytes(content)
    return storage.put_file(tmp_path / name)


def list_blobs(home: Path) -> list[Path]:
    return [path for path in (home / "blobs").rglob("*") if path.is_file()]


def test_a_file_lies_under_the_hash_of_its_bytes(tmp_path: Path, home: Path):
    assert put(tmp_path) == DIGEST
    assert storage.path_of(DIGEST) == home / "blobs" / DIGEST[:2] / DIGEST
    with storage.open_blob(DIGEST, verify=True) as stream:
        assert stream.read() == CONTENT


def test_the_same_content_is_kept_once(tmp_path: Path, home: Path):
    assert put(tmp_path) == put(tmp_path, name="other") == storage.put_bytes(CONTENT)
    assert list_blobs(home) == [storage.path_of(DIGEST)]


def test_a_blob_is_for_its_owner_alone(tmp_path: Path):
    put(tmp_path)
    assert storage.path_of(DIGEST).stat().st_mode & 0o077 == 0
    assert storage.path_of(DIGEST).parent.stat().st_mode & 0o077 == 0


def test_a_changed_blob_is_refused(tmp_path: Path):
    put(tmp_path)
    storage.path_of(DIGEST).write_bytes(b"Bone" + CONTENT[4:])
    with pytest.raises(UnreadableFile, match="was changed"):
        storage.open_blob(DIGEST, verify=True)


def test_a_torn_blob_is_mended_when_the_content_comes_again(tmp_path: Path):
    put(tmp_path)
    storage.path_of(DIGEST).write_bytes(CONTENT[:10])
    with pytest.raises(UnreadableFile, match="was changed"):
        storage.verify_blob(DIGEST)
    put(tmp_path)
    storage.verify_blob(DIGEST)


def test_a_missing_blob_is_named(tmp_path: Path):
    assert not storage.has_blob(DIGEST)
    with pytest.raises(UnreadableFile, match="is missing; restore it from the backup"):
        storage.open_blob(DIGEST)


@pytest.mark.parametrize("word", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_what_is_no_digest_leads_nowhere(word: str):
    with pytest.raises(ValueError, match="is no SHA-256"):
        storage.path_of(word)


@pytest.mark.parametrize(("free", "is_full"), [(5_000, False), (4_999, True)])
def test_the_last_twentieth_of_the_disk_is_left_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path, free: int, is_full: bool
):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(20_000, 20_000 - free, free))
    if is_full:
        with pytest.raises(StorageFull, match="free some space"):
            put(tmp_path)
        assert list_blobs(home) == []
    else:
        assert put(tmp_path) == DIGEST


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", refuse)
    with pytest.raises(StorageFull, match="the disk is full"):
        put(tmp_path)
    assert list_blobs(home) == []
