"""Processes that outlived their supervisor or their postmaster, found by what they are and not by a remembered number.

A pid alone proves nothing: it may name a zombie that nobody reaps, or meanwhile a stranger (psutil's `is_running`
and PostgreSQL's own kill(pid, 0) are true for both).
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

from portal.embedded.processes import StopStep

POLL_S = 0.02


def find_processes(uid: int, is_ours: Callable[[list[str]], bool]) -> Iterator[psutil.Process]:
    """Yield living processes of one user whose command line is ours. Zombies are gone already."""
    for process in psutil.process_iter():
        try:
            is_alive = process.uids().effective == uid and process.status() != psutil.STATUS_ZOMBIE
            if is_alive and is_ours(process.cmdline()):
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def birth_of(pid: int) -> str | None:
    """Return a text that no other process of this machine ever shares, or None if the pid names no living process.

    The kernel's own tick of the start, since the time of day may be set back and forth (proc_pid_stat(5), field 22).
    """
    try:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return None
        if sys.platform != "linux":
            return str(psutil.Process(pid).create_time())
        # The name of the program, in brackets, may hold blanks and brackets itself.
        ticks = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None
    return f"{boot}/{ticks}"


def same_process(pid: int, birth: str) -> psutil.Process | None:
    """Return the process that had this pid and this birth, if it still lives."""
    return psutil.Process(pid) if birth_of(pid) == birth else None


def end_processes(find: Callable[[], Sequence[psutil.Process]], steps: Sequence[StopStep]) -> int:
    """Send each step's signal and wait for them to go, SIGKILL last; return how many there were.

    `find` is asked again before each step, as a dying server may still fork.
    """
    seen = 0
    for step in (*steps, StopStep(signal.SIGKILL, 10.0)):
        found = find()
        seen = max(seen, len(found))
        for process in found:
            try:
                os.kill(process.pid, step.signal)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + step.grace_s
        while found and time.monotonic() < deadline:
            time.sleep(POLL_S)
            found = find()
        if not found:
            break
    return seen
