"""How far a child process can be shut in on this machine: tried out once, and said in words on every job.

TRUST 1.5: the work runs as another user, without network and out of reach of secrets and database. Where the
machine does not allow that, the job says "unsandboxed" and why; whoever needs the sandbox (the evaluation) refuses.
"""

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ENTER = Path(__file__).with_name("enter.py")

FIRST_USER, N_USERS = 60_600, 500
"""User ids of children when the worker is root: a range that Debian and systemd leave free (systemd, UIDS-GIDS)."""

PASSED_ON = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
    "LD_LIBRARY_PATH",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
)
"""All that a child inherits. No address of a service, no password and no key is among them."""

_TRIAL = """
import errno, os, socket, sys
import portal.jobs.demonstration
hidden, no_network, outside = sys.argv[1], sys.argv[2] == "1", sys.argv[3]
open("inside", "w").close()
if outside:
    try:
        open(os.path.join(outside, "written"), "w").close()
    except OSError:
        pass
    else:
        raise SystemExit("files elsewhere can be written to")
if hidden:
    try:
        os.stat(os.path.join(hidden, "seen"))
    except OSError:
        pass
    else:
        raise SystemExit("the folder is not hidden")
if no_network:
    try:
        socket.create_connection(("127.0.0.1", 9), 1)
    except OSError as error:
        raise SystemExit(0 if error.errno == errno.ENETUNREACH else "there is a network")
    raise SystemExit("there is a network")
"""


@dataclass(frozen=True)
class Cage:
    """What a child is shut in with. `facts` says it to people."""

    no_network: bool = False
    own_space: bool = False
    own_user: bool = False
    hides: bool = False
    read_only: bool = False

    @property
    def is_sandboxed(self) -> bool:
        """True if the work reaches no network, no secret and no database, and changes nothing but its run folder."""
        return self.no_network and (self.own_user or (self.hides and self.read_only))

    @property
    def facts(self) -> tuple[str, ...]:
        """The same in words, for the job's page."""
        said = {
            "no network": self.no_network,
            "own user": self.own_user,
            "secrets and database hidden": self.hides,
            "every file read-only but its own": self.read_only,
        }
        found = tuple(words for words, holds in said.items() if holds)
        if self.is_sandboxed:
            return found
        missing = "a network namespace" if not self.no_network else "another user or a mount namespace"
        return (*found, f"unsandboxed: this machine does not allow {missing}")

    def orders_for(
        self, folder: Path, number: int, limits: Mapping[str, int], hidden: tuple[Path, ...]
    ) -> dict[str, Any]:
        """Return what enter.py is told. number: chooses the user id, so that two jobs seldom share one.

        A hidden folder in which the run folder lies is hidden around it, as the folder of all jobs.
        """
        out_of_sight = _outermost([path for path in hidden if _can_be_hidden(path)]) if self.hides else []
        return {
            "parent": os.getpid(),
            "limits": dict(limits),
            "user": FIRST_USER + number % N_USERS if self.own_user else None,
            "own_space": self.own_space,
            "no_network": self.no_network,
            "hidden": [str(path) for path in out_of_sight if not folder.is_relative_to(path)],
            "around": next((str(path) for path in out_of_sight if folder.is_relative_to(path)), None),
            "folder": str(folder),
            "read_only": self.read_only,
        }


@functools.cache
def find_cage() -> Cage:
    """Try what this machine allows and return the strictest cage that works; tried once in a process."""
    if os.geteuid() == 0:
        return Cage(
            no_network=_works(Cage(no_network=True)),
            own_user=_works(Cage(own_user=True)),
            hides=_works(Cage(hides=True)),
            read_only=_works(Cage(read_only=True)),
        )
    alone = Cage(own_space=True, no_network=True)
    whole = replace(alone, hides=True, read_only=True)
    return next((cage for cage in (whole, replace(alone, hides=True), alone) if _works(cage)), Cage())


def scrubbed_environment(folder: Path, source: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child: the little that is passed on, and folders of its own."""
    return {name: source[name] for name in PASSED_ON if name in source} | {
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        # A user of its own is in no list of users, where libraries (torch) would look for its name.
        "USER": "trabecula",
        "PYTHONPATH": str(ROOT),
        # The run folder itself is no place to import from: what lies in it was written by the work.
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _can_be_hidden(path: Path) -> bool:
    """True unless the child could not work without it: the program or Python lie inside."""
    needed = (ROOT, Path(sys.prefix), Path(sys.base_prefix))
    return path.exists() and not any(one.is_relative_to(path) for one in needed)


def _outermost(paths: list[Path]) -> list[Path]:
    """Return the paths that lie in no other of them: what is inside a hidden folder is gone with it."""
    return [path for path in paths if not any(path != other and path.is_relative_to(other) for other in paths)]


def _works(cage: Cage) -> bool:
    with tempfile.TemporaryDirectory() as name:
        hidden, outside, jobs, folder = (Path(name) / one for one in ("hidden", "outside", "jobs", "jobs/one"))
        for path in (hidden, outside, jobs, folder):
            path.mkdir()
            path.chmod(0o777)
        Path(name).chmod(0o755)
        (hidden / "seen").touch()
        orders = json.dumps(cage.orders_for(folder, 0, {}, (hidden, jobs)))
        told = [
            str(hidden) if cage.hides else "",
            "1" if cage.no_network else "0",
            str(outside) if cage.read_only else "",
        ]
        found = subprocess.run(
            [sys.executable, "-I", str(ENTER), orders, sys.executable, "-c", _TRIAL, *told],
            env=scrubbed_environment(folder, os.environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
    return found.returncode == 0
