"""One supervisor per home."""

import os
from pathlib import Path

import pytest

from portal.embedded.errors import HomeInUse
from portal.embedded.lock import HomeLock, is_locked


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "supervisor.lock"


def test_the_second_is_refused_and_told_who_is_first(path: Path):
    first = HomeLock(path)
    first.acquire()
    with pytest.raises(HomeInUse, match=f"is supervised by process {os.getpid()}; stop that one first"):
        HomeLock(path).acquire()
    first.release()
    HomeLock(path).acquire()


def test_asking_does_not_take_the_lock(path: Path):
    assert not is_locked(path)
    lock = HomeLock(path)
    lock.acquire()
    assert is_locked(path)
    lock.release()
    assert not is_locked(path)
    assert not is_locked(path)


def test_a_forked_child_does_not_keep_its_parents_lock(path: Path):
    lock = HomeLock(path)
    lock.acquire()
    from_parent, to_child = os.pipe()
    from_child, to_parent = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(to_child)
        os.write(to_parent, b"held" if lock.is_held else b"free")
        os.read(from_parent, 1)  # until the parent has looked
        os._exit(0)
    try:
        assert os.read(from_child, 4) == b"free"
        assert is_locked(path), "the child took its parent's lock away"
        lock.release()
        assert not is_locked(path), "the child still holds it"
    finally:
        for descriptor in (from_parent, to_child, from_child, to_parent):
            os.close(descriptor)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
