"""Secrets are made once, stay the same, and are refused when others could have read them."""

import threading
from pathlib import Path

import pytest

from portal.embedded.errors import HomeRefused
from portal.embedded.secrets import ensure_secret, list_secrets, read_secret, store_secret


def test_a_secret_is_made_once_and_stays_the_same(tmp_path: Path):
    first = ensure_secret(tmp_path, "SECRET_KEY")
    assert len(first) == 43  # 32 bytes as base64url without padding: ceil(32 * 8 / 6)
    assert ensure_secret(tmp_path, "SECRET_KEY") == first
    assert (tmp_path / "SECRET_KEY").stat().st_mode & 0o777 == 0o600


def test_two_secrets_differ(tmp_path: Path):
    assert ensure_secret(tmp_path, "one") != ensure_secret(tmp_path, "two")


def test_many_makers_at_once_agree(tmp_path: Path):
    found: list[str] = []
    start = threading.Barrier(16)

    def make() -> None:
        start.wait()
        found.append(ensure_secret(tmp_path, "SECRET_KEY"))

    makers = [threading.Thread(target=make) for _ in range(16)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(found) == 16
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["SECRET_KEY"]


def test_a_secret_in_use_is_never_overwritten(tmp_path: Path):
    assert store_secret(tmp_path, "SECRET_KEY", "the first") is True
    assert store_secret(tmp_path, "SECRET_KEY", "the second") is False
    assert read_secret(tmp_path, "SECRET_KEY") == "the first"


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path):
    ensure_secret(tmp_path, "SECRET_KEY")
    (tmp_path / "SECRET_KEY").chmod(0o640)
    with pytest.raises(HomeRefused, match="has mode 0640, so others may have read it; wanted 0600"):
        read_secret(tmp_path, "SECRET_KEY")


def test_an_empty_secret_is_refused(tmp_path: Path):
    store_secret(tmp_path, "SECRET_KEY", "")
    with pytest.raises(HomeRefused, match="is empty"):
        ensure_secret(tmp_path, "SECRET_KEY")


def test_only_whole_secrets_are_listed(tmp_path: Path):
    store_secret(tmp_path, "b", "x")
    store_secret(tmp_path, "a", "x")
    (tmp_path / ".new-unfinished").write_text("x")
    assert list_secrets(tmp_path) == ["a", "b"]
