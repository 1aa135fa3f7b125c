"""The folder of an attempt can be reached by the child it is for, and listed by nobody else."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.jobs.cage import FIRST_USER, find_cage, scrubbed_environment
from portal.jobs.folders import find_cage_at_home, prepare_folder
from portal.jobs.models import Job
from portal.jobs.supervise import run_held_job
from tests.database import rolls_back
from tests.portal.jobs.builders import claim, make_job

pytestmark = rolls_back


@pytest.fixture
def home(settings: Any) -> Iterator[Path]:
    """A home that its owner alone may enter, as mktemp makes it."""
    with tempfile.TemporaryDirectory() as name:
        settings.HOME = Path(name)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="children have a user of their own where the worker is root")
def test_a_child_that_is_another_user_comes_to_its_folder_and_sees_no_other(home: Path) -> None:
    held = claim(make_job())
    folder = prepare_folder(held).folder
    assert folder.is_relative_to(home)
    told = ["cat", str(folder / "run.json")]
    os.chown(folder / "run.json", FIRST_USER, FIRST_USER)
    assert subprocess.run(told, user=FIRST_USER, capture_output=True, check=False).returncode != 0
    os.chown(folder, FIRST_USER, FIRST_USER)
    read = subprocess.run(told, user=FIRST_USER, capture_output=True, text=True, check=True)
    assert str(held.job_pk) in read.stdout
    for above in (home, folder.parent.parent, folder.parent):
        assert subprocess.run(["ls", str(above)], user=FIRST_USER, capture_output=True, check=False).returncode != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="children have a user of their own where the worker is root")
@pytest.mark.parametrize(("environment", "ends_well"), [({}, False), (scrubbed_environment(Path("/"), {}), True)])
def test_a_user_whom_no_list_names_has_a_name(environment: dict[str, str], ends_well: bool) -> None:
    told = ["/usr/bin/env", "python3", "-c", "import getpass; getpass.getuser()"]
    path = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(told, user=FIRST_USER, cwd="/", env={**environment, **path}, capture_output=True, check=False)
    assert (done.returncode == 0) is ends_well


@pytest.mark.skipif(os.geteuid() != 0, reason="children have a user of their own where the worker is root")
def test_under_a_folder_of_its_owner_alone_a_child_keeps_the_workers_user(home: Path, settings: Any) -> None:
    assert find_cage_at_home().own_user == find_cage().own_user
    settings.HOME = home / "portal"  # and `home` is of mode 0700
    assert not find_cage_at_home().own_user
    held = claim(make_job(steps=1))
    run_held_job(held)
    assert Job.objects.get(pk=held.job_pk).state == "finished"
