"""Children forked where their libraries are ready: the same as others, each for itself, gone with their server."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from portal.jobs import forking
from portal.jobs.cage import Cage
from portal.jobs.child import start_child
from portal.jobs.limits import Limits
from tests.portal.jobs.children import LIBRARIES, fork, run_to_end, wait_until

SAY_WHERE = """
    import os, random, sys, tempfile
    from portal.jobs import reporting
    reporting.report_result({
        "parent": os.getppid(),
        "module": sys.argv[0].rsplit("/", 1)[-1],
        "ready": "statistics" in sys.modules,
        "chance": random.random(),
        "temporary": tempfile.gettempdir(),
        "open": sorted(map(int, os.listdir("/proc/self/fd")))[:-1],
    })
"""


@pytest.fixture(autouse=True)
def _with_servers_of_its_own() -> Iterator[None]:
    forking.close_all()
    yield
    forking.close_all()


def test_a_child_is_forked_from_where_its_libraries_are_ready_and_is_one_of_many(tmp_path: Path) -> None:
    told = []
    for _ in range(2):
        child = fork(SAY_WHERE, tmp_path)
        assert run_to_end(child) == 0, (tmp_path / "log.txt").read_text()
        assert child.heard.result is not None
        told.append(child.heard.result)
    server = forking.find_server(LIBRARIES)
    assert server is not None
    assert {one["parent"] for one in told} == {server.process.pid}
    assert told[0]["chance"] != told[1]["chance"], "chance of its own"
    assert told[0] | {"chance": 0} == {
        "parent": server.process.pid,
        "module": "snippet.py",
        "ready": True,
        "chance": 0,
        "temporary": str(tmp_path / "tmp"),
        "open": [0, 1, 2, 3],
    }


def test_libraries_get_a_server_with_the_second_child_that_wants_them() -> None:
    assert forking.find_server(LIBRARIES) is None
    assert not list_servers()
    forking.find_server(LIBRARIES)
    assert wait_until(lambda: forking.find_server(LIBRARIES)).can_fork()
    assert len(list_servers()) == 1
    assert forking.find_server(()) is None


def test_a_server_that_cannot_import_is_given_up_and_children_start_without_it(tmp_path: Path) -> None:
    missing = ("there_is_no_such_module",)
    forking.prepare(missing)
    wait_until(lambda: not list_servers())
    command = [sys.executable, "-m", "tests.portal.jobs.snippet", "open('ran', 'w').close()"]
    for _ in range(3):
        child = start_child(command, tmp_path, Limits(), Cage(), libraries=missing)
        assert not isinstance(child.process, forking.Forked)
        assert run_to_end(child) == 0
    assert not list_servers(), "nor is it tried again and again"


def test_a_server_that_was_killed_takes_its_children_along_and_another_is_started(tmp_path: Path) -> None:
    child = fork(
        "import time\nfrom portal.jobs import reporting\nreporting.report_progress(0, 1, 'up')\ntime.sleep(600)",
        tmp_path,
    )
    wait_until(lambda: child.listen(0.05) or child.heard.message == "up")
    server = forking.find_server(LIBRARIES)
    assert server is not None
    server.process.kill()
    assert run_to_end(child) == -signal.SIGKILL
    assert run_to_end(fork("pass", tmp_path)) == 0
    (other,) = list_servers()
    assert other.pid != server.process.pid


def test_a_child_that_ended_keeps_its_number_until_it_is_let_go(tmp_path: Path) -> None:
    child = fork("raise SystemExit(7)", tmp_path)
    pid = child.process.pid
    wait_until(lambda: not child.is_running)
    assert child.process.returncode == 7
    assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    child.end()
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_worker_that_is_killed_leaves_no_server(tmp_path: Path) -> None:
    worker = fork(
        f"""
        import time
        from pathlib import Path
        from portal.jobs import forking, reporting
        from tests.portal.jobs.children import LIBRARIES, fork
        child = fork("import time; time.sleep(600)", Path({str(tmp_path)!r}))
        server = forking.find_server(LIBRARIES)
        reporting.report_progress(0, 1, f"{{server.process.pid}} {{child.process.pid}}")
        time.sleep(600)
        """,
        tmp_path,
    )
    wait_until(lambda: worker.listen(0.05) or worker.heard.message)
    server, child = map(int, worker.heard.message.split())
    assert psutil.pid_exists(server)
    assert psutil.pid_exists(child)
    os.kill(worker.process.pid, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(child) and not psutil.pid_exists(server))
    worker.end()


def list_servers() -> list[psutil.Process]:
    """Return the fork servers of this process that run."""
    found = psutil.Process().children()
    return [one for one in found if one.is_running() and any("forkserver" in part for part in read_command(one))]


def read_command(process: psutil.Process) -> list[str]:
    """Return a process's command line; nothing of one that ended just now."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []
