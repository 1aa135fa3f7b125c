"""Files are whole or absent; folders that are not ours keep their mode."""

from pathlib import Path

import pytest

from portal.embedded.errors import HomeRefused
from portal.embedded.files import holds, make_folder, replacing, write_whole


def test_a_file_appears_whole_and_private(tmp_path: Path):
    write_whole(tmp_path / "status", b"ready")
    assert (tmp_path / "status").read_bytes() == b"ready"
    assert (tmp_path / "status").stat().st_mode & 0o777 == 0o600


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path: Path):
    path = tmp_path / "status"
    write_whole(path, b"old")

    def interrupted() -> None:
        with replacing(path) as stream:
            stream.write(b"half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_of_somebody_else_keeps_its_mode(tmp_path: Path):
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o750)
    folder.chmod(0o750)
    assert make_folder(folder) is False
    assert folder.stat().st_mode & 0o777 == 0o750


def test_a_new_folder_is_private(tmp_path: Path):
    assert make_folder(tmp_path / "ours") is True
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o700


def test_a_file_where_a_folder_is_wanted_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeRefused, match="is a file, and a folder is wanted there"):
        make_folder(tmp_path / "file")


def test_a_file_holds_its_content_and_no_other(tmp_path: Path):
    write_whole(tmp_path / "conf", b"port 0")
    assert holds(tmp_path / "conf", b"port 0")
    assert not holds(tmp_path / "conf", b"port 1")
    assert not holds(tmp_path / "absent", b"port 0")
