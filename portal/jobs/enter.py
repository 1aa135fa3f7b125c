"""Step into the cage, then become the command: `python -I enter.py CAGE COMMAND…`.

Run as a file of its own between the worker and the work, because limits, user and namespaces must be set in the
new process, and doing that between fork and exec inside a threaded worker is unsafe (Python, subprocess,
"preexec_fn"). Standard library alone; imports nothing of ours. CAGE is a JSON object:

    parent       process id of the worker; should it die, the kernel kills this process (prctl(2), PR_SET_PDEATHSIG)
    limits       name of an RLIMIT → value
    user         user and group id to become, or null
    no_network   enter a network namespace that holds nothing
    hidden       folders over which an empty one is laid and files over which /dev/null is, in a mount namespace:
                 secrets, sockets, the database's files
    folder       the run folder
    around       a folder that holds the run folder, and of which nothing else is to be seen; or null
    read_only    whether the run folder is the only one it may still write to, in a mount namespace
    own_space    enter a user namespace first: how somebody who is not root may make the other ones

Linux. Exit status 125 says that the cage could not be entered; the reason is on standard error.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38  # linux/prctl.h
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000  # linux/sched.h
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384  # mount.h
MS_PRIVATE = 1 << 18
MOUNT_SETATTR = 442  # asm-generic/unistd.h; Linux 5.12
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = -100, 0x8000, 1  # linux/fcntl.h, linux/mount.h
CAPABILITY_VERSION = 0x20080522  # linux/capability.h, version 3
SHARED_MEMORY = "/dev/shm"
N_CAPABILITIES = 64
REFUSED = 125


def main() -> None:
    """Enter the cage and execute the command; never returns."""
    cage, command = json.loads(sys.argv[1]), sys.argv[2:]
    try:
        enter(cage)
        os.execvpe(command[0], command, dict(os.environ))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"the child process could not be started: {error}\n")
        raise SystemExit(REFUSED) from None


def enter(cage: dict[str, Any]) -> None:
    """Give up what the work does not need, in the one order that works: namespaces, user, privileges, limits."""
    libc = ctypes.CDLL(None, use_errno=True)
    enter_spaces(libc, cage)
    if os.geteuid() == 0:
        # Root without a single capability cannot lift what hides the folders, nor look into its worker.
        for capability in range(N_CAPABILITIES):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # refused beyond the last one there is
    if cage["user"] is not None:
        os.setgroups([])
        os.setresgid(cage["user"], cage["user"], cage["user"])
        os.setresuid(cage["user"], cage["user"], cage["user"])
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    give_up_capabilities(libc)
    for name, value in cage["limits"].items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))
    # Last, for the kernel forgets it when the user changes.
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "the end with its worker")
    if os.getppid() != cage["parent"]:
        raise ValueError("the worker ended before its child began")


def give_up_capabilities(libc: ctypes.CDLL) -> None:
    """Leave no capability, not even in a user namespace of one's own: a child that is forked passes no exec."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    check(libc.capset(ctypes.byref(header), ctypes.byref(none)), "no capabilities")


def enter_spaces(libc: ctypes.CDLL, cage: dict[str, Any]) -> None:
    """Leave the network, and lay an empty folder over each hidden one."""
    user, group = os.geteuid(), os.getegid()
    flags = CLONE_NEWUSER if cage["own_space"] else 0
    flags |= CLONE_NEWNET if cage["no_network"] else 0
    flags |= CLONE_NEWNS if cage["hidden"] or cage["around"] or cage["read_only"] else 0
    check(libc.unshare(flags), "namespaces")
    if cage["own_space"]:
        write("/proc/self/setgroups", "deny")
        write("/proc/self/uid_map", f"{user} {user} 1")
        write("/proc/self/gid_map", f"{group} {group} 1")
    if flags & CLONE_NEWNS:
        check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mounts of its own")
    for path in cage["hidden"]:
        hide(libc, path)
    if cage["around"]:
        hide_around(libc, cage["around"], cage["folder"])
    if cage["read_only"]:
        leave_writable(libc, cage["folder"])


def hide(libc: ctypes.CDLL, path: str) -> None:
    """Lay an empty folder over a folder, and /dev/null over anything else, as a socket."""
    if os.path.isdir(path):
        flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
        check(libc.mount(b"none", os.fsencode(path), b"tmpfs", flags, b"size=4k,mode=000"), f"hiding {path}")
    else:
        check(libc.mount(b"/dev/null", os.fsencode(path), None, MS_BIND, None), f"hiding {path}")


def hide_around(libc: ctypes.CDLL, path: str, folder: str) -> None:
    """Lay an empty folder over one that holds the run folder, and bring that alone back in its place."""
    kept = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    check(libc.mount(b"none", os.fsencode(path), b"tmpfs", flags, b"size=64k,mode=755"), f"hiding {path}")
    before = os.umask(0o022)
    os.makedirs(folder)
    os.umask(before)
    # By its descriptor: the name leads into the empty folder now.
    check(libc.mount(f"/proc/self/fd/{kept}".encode(), os.fsencode(folder), None, MS_BIND, None), f"keeping {folder}")
    os.close(kept)
    check(libc.mount(None, os.fsencode(path), None, flags | MS_REMOUNT | MS_RDONLY, None), f"closing {path}")
    os.chdir(folder)  # until here it stood in the one that is hidden now


def leave_writable(libc: ctypes.CDLL, folder: str) -> None:
    """Make every file read-only but those of one folder, and of a shared memory that ends with the process."""
    check(libc.mount(os.fsencode(folder), os.fsencode(folder), None, MS_BIND, None), f"a mount of {folder}")
    kept = [folder]
    if os.path.isdir(SHARED_MEMORY):
        # Loaders of arrays hand them from process to process there.
        check(
            libc.mount(b"none", SHARED_MEMORY.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=1777"), "shared memory"
        )
        kept.append(SHARED_MEMORY)
    set_read_only(libc, "/", AT_RECURSIVE, read_only=True)
    for path in kept:
        set_read_only(libc, path, 0, read_only=False)
    os.chdir(folder)  # into the new mount: until here it stood in the read-only one


def set_read_only(libc: ctypes.CDLL, path: str, how_far: int, *, read_only: bool) -> None:
    """Change one mount, or all below it (mount_setattr(2))."""
    attributes = (ctypes.c_uint64 * 4)(*((MOUNT_ATTR_RDONLY, 0) if read_only else (0, MOUNT_ATTR_RDONLY)), 0, 0)
    size = ctypes.sizeof(attributes)
    call = libc.syscall(MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), how_far, ctypes.byref(attributes), size)
    check(call, f"writing to {path}")


def check(returned: int, what: str) -> None:
    """Raise OSError if a call of the C library failed."""
    if returned != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def write(path: str, text: str) -> None:
    """Write a file of /proc in one call."""
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


if __name__ == "__main__":
    main()
