"""What a child process says to the one who watches it: one JSON object a line, on a pipe of its own.

Pure: the standard library alone; used by children and by the watcher. A pipe apart from standard output means
that a stray print of some library cannot be taken for a message. Started by hand, a child says it on standard
output instead.

    {"step": 3, "total": 20, "message": "epoch 3", "checkpoint": "<sha256>"}
    {"result": {…}}
    {"failure": {"code": "bad_spec", "text": "what happened and what to do"}}
"""

import errno
import json
import os
import sys
from collections.abc import Callable
from typing import Any

PIPE_VARIABLE = "TRABECULA_REPORT_FD"
STOPPED = 75
"""Exit status of a child that was asked to stop and left a checkpoint (EX_TEMPFAIL of sysexits.h)."""

# Failure codes a child and the watcher share. What each leads to stands in registry.py.
BAD_SPEC = "bad_spec"
NOT_FINITE = "not_finite"
MEMORY = "memory"
DISK_FULL = "disk_full"
CRASH = "crash"
TOO_LARGE = "too_large"

DISK_FULL_TEXT = "The disk is full. Free some space and try the job again: it goes on where it was."


def report_progress(step: int, total: int, message: str = "", checkpoint: str = "") -> None:
    """Say how far the work is, in words a person understands."""
    said: dict[str, Any] = {"step": step, "total": total, "message": message}
    if checkpoint:
        said["checkpoint"] = checkpoint
    _say(said)


def report_result(result: dict[str, Any]) -> None:
    """Say what came out. Raises ValueError for NaN and infinity: they are a failure, not a result."""
    _say({"result": result})


def report_failure(code: str, text: str) -> None:
    """Say why the work cannot be done; the text tells a person what to do about it."""
    _say({"failure": {"code": code, "text": text}})


def report_disk_error(error: OSError) -> bool:
    """Report what the disk refused; return False if the error is another one."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        report_failure(DISK_FULL, DISK_FULL_TEXT)
    elif error.errno == errno.EFBIG:
        report_failure(TOO_LARGE, "It tried to write a larger file than its kind of job is allowed.")
    else:
        return False
    return True


def run_reporting(work: Callable[[], int]) -> int:
    """Do the work and return its exit status, telling the errors that a person can act on.

    Any other error ends the process with its traceback in the log, which counts as a crash.
    """
    try:
        return work()
    except MemoryError:
        report_failure(MEMORY, "It needed more memory than it was given.")
    except ValueError as error:
        report_failure(BAD_SPEC, f"The work cannot be done as it was asked for: {error}.")
    except OSError as error:
        if not report_disk_error(error):
            raise
    return 1


def _say(said: dict[str, Any]) -> None:
    line = json.dumps(said, allow_nan=False).encode("utf-8") + b"\n"
    descriptor = int(os.environ.get(PIPE_VARIABLE, str(sys.stdout.fileno())))
    while line:
        line = line[os.write(descriptor, line) :]
