"""Where a home's parts lie, and which folders are refused."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded.account import Account
from portal.embedded.errors import HomeRefused
from portal.embedded.places import SOCKET_LIMIT_BYTES, Places, make_shared_root

PERSON = Account("ann", os.geteuid(), os.getegid(), is_another=False)
SYSTEM_USER = Account("trabecula", 998, 998, is_another=True)


@pytest.fixture
def session() -> Iterator[Path]:
    """A folder with a short name, as a session's is: a socket's path may not be long, and pytest's own folders are."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="s-") as folder:
        yield Path(folder)


def places_of_a_person(home: Path) -> Places:
    places = Places(home, PERSON)
    places.make_home()
    return places


def test_two_spellings_of_one_folder_are_one_home(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path)
    assert Places.of(tmp_path / "link" / "home") == Places.of(tmp_path / "x" / ".." / "home")


def test_two_folders_are_two_homes(tmp_path: Path):
    assert Places.of(tmp_path / "a").fingerprint != Places.of(tmp_path / "b").fingerprint


def test_a_persons_cluster_lies_in_the_home(tmp_path: Path):
    assert Places(tmp_path, PERSON).data == tmp_path / "postgres"


def test_roots_cluster_lies_apart_from_the_home(tmp_path: Path):
    places = Places(tmp_path, SYSTEM_USER)
    assert places.data == Path("/var/lib/trabecula") / places.fingerprint / "postgres"
    assert places.secrets == tmp_path / "secrets"


def test_every_folder_of_a_home_is_private(tmp_path: Path):
    places = places_of_a_person(tmp_path / "home")
    for folder in (places.home, places.secrets, places.run, places.blobs, places.logs):
        assert folder.stat().st_mode & 0o777 == 0o700, folder


def test_the_sockets_of_a_session_are_found_without_it(session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    places = places_of_a_person(tmp_path / "home")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    chosen = places.sockets()
    assert chosen == session / places.cluster_name
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert places.sockets() == chosen


def test_a_session_folder_that_is_too_long_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    session = tmp_path / ("long" * 30)
    session.mkdir()
    assert len(os.fsencode(session)) > SOCKET_LIMIT_BYTES
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    folder = places_of_a_person(tmp_path / "home").sockets()
    try:
        assert folder.parent == Path("/tmp")
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        folder.rmdir()


def test_a_copied_home_gets_sockets_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    first, second = places_of_a_person(tmp_path / "first"), places_of_a_person(tmp_path / "second")
    folder = first.sockets()
    (second.run / "sockets").write_text(f"{folder}\n")
    assert second.sockets() != folder


def test_a_vanished_socket_folder_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    places = places_of_a_person(tmp_path / "home")
    folder = places.sockets()
    folder.rmdir()
    assert places.sockets() == folder
    folder.rmdir()


def test_a_name_that_a_stranger_took_in_the_open_folder_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    places = places_of_a_person(tmp_path / "home")
    folder = places.sockets()
    folder.chmod(0o777)
    other = places.sockets()
    assert other != folder
    folder.rmdir()
    other.rmdir()


def test_a_socket_folder_that_others_may_enter_is_not_used_again(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    places = places_of_a_person(tmp_path / "home")
    places.sockets().chmod(0o755)
    with pytest.raises(HomeRefused, match="must be a folder of 'ann' with mode 0700"):
        places.sockets()


def test_a_link_in_place_of_a_socket_folder_is_refused(session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    places = places_of_a_person(tmp_path / "home")
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (session / places.cluster_name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HomeRefused, match="must be a folder of 'ann'"):
        places.sockets()


def test_a_shared_root_that_others_may_write_to_is_refused(tmp_path: Path):
    folder = tmp_path / "clusters"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(HomeRefused, match="must be a folder of root that nobody else may write to"):
        make_shared_root(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_home_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(HomeRefused, match="belongs to uid 12345, and this is uid 54321: run as its owner"):
        Places(home, PERSON).make_home()
