"""One process kept alive, with small programs in place of the services."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from portal.embedded.errors import ServiceFailed
from portal.embedded.kept import Kept
from portal.embedded.logfiles import LogFile
from portal.embedded.processes import Process, Restart, State, StopStep
from tests.portal.embedded.homes import wait_until

Keep = Callable[..., Kept]


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Keep]:
    """Make a kept process out of a line of shell."""
    made: list[Kept] = []

    def make(line: str, **settings: object) -> Kept:
        process = Process("test", ("/bin/sh", "-c", line), {"PATH": "/usr/bin:/bin"}, tmp_path, **settings)  # type: ignore[arg-type]
        made.append(Kept(process, LogFile(tmp_path / "test.log"), LogFile(tmp_path / "events.log")))
        return made[-1]

    yield make
    for kept in made:
        kept.ask_to_stop()
        reach(kept, State.STOPPED, State.FAILED)


def reach(kept: Kept, *states: State) -> None:
    def is_there() -> bool:
        kept.tick()
        return kept.state in states

    wait_until(is_there, f"the state becomes {' or '.join(states)}, not {kept.state}")


def test_a_process_is_ready_when_its_probe_says_so(keep: Keep, tmp_path: Path):
    kept = keep("sleep 1000", is_ready=(tmp_path / "open").exists)
    reach(kept, State.STARTING)
    kept.tick()
    assert kept.state is State.STARTING
    (tmp_path / "open").touch()
    reach(kept, State.READY)


def test_a_killed_process_is_started_again(keep: Keep):
    kept = keep("sleep 1000")
    reach(kept, State.READY)
    first = kept.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: kept.tick() or (kept.state is State.READY and kept.pid != first), "a new pid is ready")
    assert kept.starts == 2
    assert "was killed by signal 9 unasked" in kept.events.path.read_text()


def test_a_process_that_never_works_is_given_up_after_its_tries(keep: Keep):
    kept = keep("echo 'the port is taken'; exit 3", is_ready=lambda: False, tries=3)
    reach(kept, State.FAILED)
    assert kept.starts == 3
    assert kept.alarm == "test ended with code 3"
    assert kept.logfile.tail() == "the port is taken"


def test_a_process_that_once_worked_is_never_given_up(keep: Keep):
    kept = keep("sleep 1000", tries=1)
    for round_number in range(1, 4):
        reach(kept, State.READY)
        assert kept.starts == round_number
        assert kept.pid is not None
        os.kill(kept.pid, signal.SIGKILL)
        reach(kept, State.WAITING)


def test_a_program_that_is_not_there_is_told_in_the_log(keep: Keep):
    kept = keep("exec /nowhere/server", is_ready=lambda: False, tries=1)
    reach(kept, State.FAILED)
    assert "/nowhere/server" in kept.logfile.tail()


def test_a_stubborn_process_gets_the_next_signal(keep: Keep):
    line = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"
    kept = keep(line, stop=(StopStep(signal.SIGTERM, 0.1), StopStep(signal.SIGKILL, 5.0)))
    wait_until(lambda: kept.tick() or kept.logfile.tail() == "deaf", "the signal is being ignored")
    kept.ask_to_stop()
    reach(kept, State.STOPPED)


def test_a_stopped_process_is_not_started_again(keep: Keep):
    kept = keep("sleep 1000")
    reach(kept, State.READY)
    kept.ask_to_stop()
    reach(kept, State.STOPPED)
    kept.tick()
    assert (kept.state, kept.pid, kept.starts) == (State.STOPPED, None, 1)


def test_a_process_that_may_end_is_left_in_peace(keep: Keep):
    kept = keep("exit 0", restart=Restart.ON_FAILURE)
    reach(kept, State.STOPPED)
    assert (kept.starts, kept.alarm) == (1, None)


def test_a_process_that_may_not_restart_is_an_alarm_when_it_fails(keep: Keep):
    kept = keep("exit 4", restart=Restart.NEVER)
    reach(kept, State.FAILED)
    assert (kept.starts, kept.alarm) == (1, "test ended with code 4")


def test_children_of_a_dead_leader_do_not_work_on(keep: Keep):
    kept = keep("sleep 1000 & echo $!; wait")
    wait_until(lambda: kept.tick() or kept.logfile.tail().isdigit(), "the child is there")
    child, leader = psutil.Process(int(kept.logfile.tail())), kept.pid
    assert child.is_running()
    assert leader is not None
    os.kill(leader, signal.SIGKILL)
    wait_until(lambda: kept.tick() or kept.pid not in {leader, None}, "it is started again")
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child is gone")


def test_a_start_that_cannot_be_prepared_is_tried_again(keep: Keep, tmp_path: Path):
    def prepare() -> None:
        if not (tmp_path / "free").exists():
            (tmp_path / "free").touch()
            raise ServiceFailed("old processes still work on the data")

    kept = keep("sleep 1000", before_start=prepare)
    kept.tick()
    assert (kept.state, kept.alarm) == (State.WAITING, "old processes still work on the data")
    reach(kept, State.READY)
    assert kept.alarm is None


def test_waiting_stops_where_it_cannot_help(keep: Keep):
    def probe() -> bool:
        raise ServiceFailed("the password is not that of the database")

    kept = keep("sleep 1000", is_ready=probe)
    wait_until(lambda: kept.tick() or kept.is_hopeless, "the probe was asked")
    assert kept.alarm == "the password is not that of the database"


def test_what_a_dead_service_says_of_itself_becomes_the_alarm(keep: Keep):
    def advise(lines: str) -> str | None:
        return "the disk is full" if "No space left" in lines else None

    kept = keep("echo 'No space left on device'; exit 1", is_ready=lambda: False, tries=1, died=advise)
    reach(kept, State.FAILED)
    assert kept.alarm == "the disk is full"
