"""Settings that depend on the machine."""

from pathlib import Path

import pytest

from portal.embedded.postgres_settings import shared_memory_kind


@pytest.mark.parametrize(("mode", "kind"), [(0o1777, "posix"), (0o755, "mmap"), (0o777, "mmap")])
def test_shared_memory_goes_where_the_server_may_write(tmp_path: Path, mode: int, kind: str) -> None:
    tmp_path.chmod(mode)
    assert shared_memory_kind(tmp_path) == kind


def test_without_the_folder_it_lies_in_the_cluster(tmp_path: Path) -> None:
    assert shared_memory_kind(tmp_path / "nothing") == "mmap"
