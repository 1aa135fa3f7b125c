"""Become another user, ask to be stopped when the supervisor dies, then become the service. Run as a script.

    python -I -S launch.py PARENT_PID SIGNAL UID GID PROGRAM [ARGUMENT …]

A process of its own, because the same steps inside a fork of a program with threads (subprocess's preexec_fn) can
deadlock. The kernel forgets the wish at every change of user (prctl(2), PR_SET_PDEATHSIG), so it comes after it.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, death_signal: int, uid: int, gid: int, argv: list[str]) -> None:
    """Replace this process by argv."""
    if uid != os.geteuid():
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
        if os.getppid() != parent:
            sys.exit("the supervisor died while this service was being started")
    os.umask(0o077)
    os.execv(argv[0], argv)


if __name__ == "__main__":
    parent_pid, death_signal, uid, gid = map(int, sys.argv[1:5])
    main(parent_pid, death_signal, uid, gid, sys.argv[5:])
