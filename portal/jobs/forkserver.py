"""A process that has imported what a kind of job needs and forks each child from itself: `forkserver.py FD LIBRARY…`.

To import numpy, pydicom or torch takes 0.5 to 5 s of processor, more than to read most uploads. It is done once here.
A file of its own on the standard library, as `enter.py`: it is started with a child's scrubbed environment, opens
nothing that anybody sent, and every child steps into its cage (`enter.enter`) before a line of the work runs. It has
one thread of its own, which makes fork safe; what the libraries start, as BLAS does, they see to at a fork.

FD is a socket of the worker (SOCK_SEQPACKET). Once all is imported, READY is sent there. Each message received is a
JSON object {orders, module, arguments, folder, environment, pipe_variable} and brings three descriptors: a socket for
what becomes of the child, the pipe on which it reports, its log. On that socket the child says its process id once its
session is its own, and this process its exit status, negative for a signal. The child stays unreaped, so that its id is
nobody else's, until the worker closes its end. This process ends with its worker; the kernel kills its children then.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import runpy
import select
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

from portal.jobs.enter import REFUSED, check, enter

PR_SET_DUMPABLE = 4  # linux/prctl.h
READY, BEGUN, ENDED = b"ready", b"begun ", b"ended "
LONGEST = 1 << 17
N_DESCRIPTORS = 3


@dataclass(frozen=True)
class Wish:
    """One child that the worker asks for. status, pipe, log: descriptors."""

    told: dict[str, Any]
    status: int
    pipe: int
    log: int


def main() -> None:
    """Import, wait, fork; a forked child becomes the work it was forked for."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is imported is never looked through again, so that children share its pages
    control.send(READY)
    wish = Server(control).serve()
    control.detach()
    if wish is not None:
        become(wish)


class Server:
    """The loop: forks on wish, tells how children ended, reaps those that are let go."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, tuple[int, bool]] = {}
        """Socket of a child → its process id, and whether its end was told."""
        self.woken, waking = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)

    def serve(self) -> Wish | None:
        """Serve until the worker is gone, and return None; in a forked child return what it was forked for."""
        while True:
            ready, _, _ = select.select([self.control.fileno(), self.woken, *self.children], [], [])
            if self.woken in ready:
                os.read(self.woken, 1 << 12)
            for status in self.children.keys() & set(ready):
                self._let_go(status)
            self._tell_ended()
            if self.control.fileno() in ready:
                wish = receive(self.control)
                if wish is None:
                    return None
                pid = os.fork()
                if pid == 0:
                    return wish
                self.children[wish.status] = pid, False
                os.close(wish.pipe)
                os.close(wish.log)

    def _tell_ended(self) -> None:
        """Say of each child that ended how; it is reaped later."""
        for status, (pid, is_told) in self.children.items():
            if is_told:
                continue
            found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is not None:
                code = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
                say(status, ENDED + str(code).encode())
                self.children[status] = pid, True

    def _let_go(self, status: int) -> None:
        """Reap a child whose worker has closed its end; what still runs of it is killed first."""
        pid, _ = self.children.pop(status)
        os.close(status)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(pid, signal.SIGKILL)  # it was not yet the leader of a group, or left none
        os.waitpid(pid, 0)


def receive(control: socket.socket) -> Wish | None:
    """Return the next wish; None once the worker is gone."""
    message, descriptors, _, _ = socket.recv_fds(control, LONGEST, N_DESCRIPTORS)
    if not message:
        return None
    told = json.loads(message)
    told["orders"]["parent"] = os.getpid()
    return Wish(told, *descriptors)


def say(status: int, words: bytes) -> None:
    """Send on a child's socket; a worker that is gone hears nothing."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        os.write(status, words)


def become(wish: Wish) -> None:
    """Step into the cage and do the work, as `python -m MODULE` would in a process started for it."""
    told = wish.told
    os.setsid()
    say(wish.status, BEGUN + str(os.getpid()).encode())
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    keep_descriptors(wish)
    os.environ.clear()
    os.environ.update(told["environment"], **{told["pipe_variable"]: "3"})
    tempfile.tempdir = None
    seed_anew()
    try:
        os.chdir(told["folder"])
        enter(told["orders"])
        # What an exec would have given back: the process may look at itself in /proc.
        check(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "a look at itself")
    except (OSError, ValueError) as error:
        sys.stderr.write(f"the child process could not be started: {error}\n")
        raise SystemExit(REFUSED) from None
    sys.argv = [told["module"], *told["arguments"]]
    runpy.run_module(told["module"], run_name="__main__", alter_sys=True)


def keep_descriptors(wish: Wish) -> None:
    """Leave nothing at 0, the log at 1 and 2, the pipe at 3, and close whatever else was open."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    # Out of the way first, for any of them may lie where another belongs.
    pipe, log = (os.dup(one) for one in (wish.pipe, wish.log))
    for source, target in ((nothing, 0), (log, 1), (log, 2), (pipe, 3)):
        os.dup2(source, target)
        os.set_inheritable(target, True)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))


def seed_anew() -> None:
    """Give the child chance of its own; Python's own generator does so by itself, numpy's old one does not."""
    random.seed()
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()


if __name__ == "__main__":
    main()
