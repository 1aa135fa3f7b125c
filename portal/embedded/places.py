"""Where everything of one home lies. The only module that joins these names.

Secrets, blobs and logs are always in the home. The cluster and the sockets are too, or near it, when a person runs
the portal; as root they are in /var/lib and /run, because the services' own user cannot enter a home under a 0700
parent such as /root, and no parent's mode is ever changed.
"""

import contextlib
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.account import Account, service_account
from portal.embedded.errors import HomeRefused
from portal.embedded.files import make_folder, write_whole

CLUSTERS = Path("/var/lib/trabecula")
SOCKETS = Path("/run/trabecula")

SOCKET_LIMIT_BYTES = 107
"""sun_path holds 108 bytes with its closing zero (unix(7))."""

LONGEST_SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Places:
    """Every path of one home. `home` is a real path: two spellings of one folder are one home."""

    home: Path
    account: Account

    @classmethod
    def of(cls, home: Path | str) -> "Places":
        """Return the places of a home, which need not exist yet."""
        return cls(Path(os.path.realpath(home)), service_account())

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that name this home where its own path is too long or out of reach."""
        return hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def blobs(self) -> Path:
        return self.home / "blobs"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def lock(self) -> Path:
        return self.run / "supervisor.lock"

    @property
    def status(self) -> Path:
        return self.run / "status.json"

    @property
    def claim(self) -> Path:
        """The home's half of the bond between a home and its cluster."""
        return self.home / "cluster.json"

    @property
    def cluster(self) -> Path:
        return CLUSTERS / self.fingerprint if self.account.is_another else self.home

    @property
    def cluster_claim(self) -> Path:
        """The cluster's half of the bond, where the cluster lies apart."""
        return self.cluster / "home.json"

    @property
    def data(self) -> Path:
        return self.cluster / "postgres"

    @property
    def valkey(self) -> Path:
        return self.cluster / "valkey"

    @property
    def reserve(self) -> Path:
        return self.cluster / "reserve"

    @property
    def cluster_name(self) -> str:
        """PostgreSQL writes it into the title of each of its processes, so that they can be told from others'."""
        return f"trabecula-{self.fingerprint}"

    def make_home(self) -> None:
        """Make the home and the folders in it that are ours; refuse a home that belongs to somebody else."""
        self.home.parent.mkdir(parents=True, exist_ok=True)
        make_folder(self.home)
        owner = self.home.stat().st_uid
        if os.geteuid() not in {0, owner}:
            raise HomeRefused(f"{self.home} belongs to uid {owner}, and this is uid {os.geteuid()}: run as its owner")
        for folder in (self.secrets, self.run, self.blobs, self.logs):
            make_folder(folder)

    def sockets(self) -> Path:
        """Return the folder of the sockets: root's follows from the home, a person's is chosen once and recorded."""
        if self.account.is_another:
            return SOCKETS / self.fingerprint
        return self._recorded_sockets() or self._record(self._new_sockets())

    def make_sockets(self, folder: Path) -> None:
        """Make the folder of the sockets where it is missing, and refuse one that is not private.

        /run is emptied when the machine starts, and a tidy machine empties /tmp now and then.
        """
        if self.account.is_another:
            make_shared_root(SOCKETS)
        if make_folder(folder):
            self.account.own(folder)
        self._checked(folder)

    def leave_sockets(self) -> None:
        """Delete root's folder of the sockets when it is empty. A person's keeps its place in the open /tmp."""
        if self.account.is_another:
            with contextlib.suppress(OSError):
                self.sockets().rmdir()

    def _recorded_sockets(self) -> Path | None:
        # A session without XDG_RUNTIME_DIR (cron, ssh) must find the folder that a desktop session chose.
        with contextlib.suppress(FileNotFoundError, HomeRefused):
            folder = Path((self.run / "sockets").read_text("utf-8").strip())
            # A copied home brings the record of another one with it.
            if folder.name.startswith(self.cluster_name):
                # The same one again where it vanished: running services and their addresses know no other.
                make_folder(folder)
                return self._checked(folder)
        return None

    def _new_sockets(self) -> Path:
        session = os.environ.get("XDG_RUNTIME_DIR", "")
        if session:
            folder = Path(session) / self.cluster_name
            if _fits(folder) and Path(session).is_dir() and Path(session).stat().st_uid == self.account.uid:
                make_folder(folder)
                return self._checked(folder)
        return Path(tempfile.mkdtemp(prefix=f"{self.cluster_name}-", dir="/tmp"))

    def _record(self, folder: Path) -> Path:
        write_whole(self.run / "sockets", f"{folder}\n".encode())
        return folder

    def _checked(self, folder: Path) -> Path:
        """Refuse a folder that somebody else could have put there: /tmp is open to all."""
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid or stat.S_IMODE(found.st_mode) & 0o077:
            raise HomeRefused(f"{folder} must be a folder of '{self.account.name}' with mode 0700")
        if not _fits(folder):
            raise HomeRefused(f"{folder} is too long for a socket: {SOCKET_LIMIT_BYTES} bytes are the limit")
        return folder


def make_shared_root(folder: Path) -> None:
    """Make /var/lib/trabecula or /run/trabecula; refuse one in which anybody but root could swap a cluster."""
    make_folder(folder, 0o755)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or stat.S_IMODE(found.st_mode) & 0o022:
        raise HomeRefused(f"{folder} must be a folder of root that nobody else may write to")


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / LONGEST_SOCKET_NAME)) <= SOCKET_LIMIT_BYTES
