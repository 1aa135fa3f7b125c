"""How a child process ended, in words a person can act on. Decided from its exit, what it said, and what the
machine did; tried out by a table in the tests. Pure."""

import signal
from dataclasses import dataclass
from typing import Any

from portal.jobs import reporting
from portal.jobs.child import Heard
from portal.jobs.registry import INTERRUPTED, KILLED, PROTOCOL, TOO_LONG


@dataclass(frozen=True)
class Ending:
    """Either a result, or a code and a text."""

    result: dict[str, Any] | None = None
    code: str = ""
    text: str = ""


OUT_OF_MEMORY = "It ran out of memory and was stopped. Give it less to do at once, or more memory (JOB_MEMORY_MB)."


def read_ending(status: int, heard: Heard, *, was_out_of_memory: bool, limit_mb: int) -> Ending:
    """Return how a child ended that we did not stop.

    status: as subprocess gives it; negative for the signal that ended it.
    was_out_of_memory: the kernel killed some process for want of memory meanwhile.
    """
    if heard.refused:
        return Ending(code=PROTOCOL, text=f"Its process said something that cannot be understood: {heard.refused}.")
    if heard.failure:
        code, text = heard.failure
        return Ending(code=code, text=f"{text} Limit: {limit_mb} MB." if code == reporting.MEMORY else text)
    if status == 0 and heard.result is not None:
        return Ending(result=heard.result)
    if status == -signal.SIGKILL and was_out_of_memory:
        return Ending(code=reporting.MEMORY, text=f"{OUT_OF_MEMORY} The machine itself had none left.")
    return _SILENT.get(status) or _crash(status)


_SILENT = {
    0: Ending(code=PROTOCOL, text="Its process ended without a result and without a reason."),
    reporting.STOPPED: Ending(
        code=INTERRUPTED, text="Its process was asked to stop from outside, and left a checkpoint."
    ),
    -signal.SIGKILL: Ending(
        code=KILLED, text="Its process was killed from outside (SIGKILL): by a person, or for want of memory."
    ),
    -signal.SIGXCPU: Ending(code=TOO_LONG, text="It used more processor time than its kind of job is allowed."),
}


def _crash(status: int) -> Ending:
    how = f"by {signal.Signals(-status).name}" if status < 0 else f"with an error (exit status {status})"
    return Ending(code=reporting.CRASH, text=f"Its process ended {how}.")
