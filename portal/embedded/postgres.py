"""The embedded PostgreSQL: made once, configured at every start, reached through a private socket only."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from portal.embedded.binaries import Binaries, binaries_for
from portal.embedded.errors import HomeRefused, ServiceFailed
from portal.embedded.files import holds, sync_folder, write_whole
from portal.embedded.places import Places
from portal.embedded.postgres_settings import HBA, settings_text
from portal.embedded.processes import Process, StopStep
from portal.embedded.reserve import DISK_FULL, low_disk, release_reserve
from portal.embedded.secrets import ensure_secret
from portal.embedded.survivors import end_processes, find_processes

NAME = "postgres"
SUPERUSER = "tb_super"
SUPERUSER_SECRET = "postgres_superuser"
SOCKET = ".s.PGSQL.5432"
SOCKET_LOCK = ".s.PGSQL.5432.lock"

# Fast shutdown writes a checkpoint, which takes its time on a large cluster; immediate shutdown is safe, but the next
# start then has to recover (PostgreSQL documentation, 18.5 Shutting Down the Server).
STOP = (StopStep(signal.SIGINT, 120.0), StopStep(signal.SIGQUIT, 10.0))
LEFTOVER_STOP = (StopStep(signal.SIGINT, 30.0), StopStep(signal.SIGQUIT, 5.0))

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class Postgres:
    """The database server of one home."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._disk_was_full: str | None = None

    @cached_property
    def _sockets(self) -> Path:
        return self.places.sockets()

    @cached_property
    def _password(self) -> str:
        return ensure_secret(self.places.secrets, SUPERUSER_SECRET)

    def prepare(self) -> None:
        """Make the cluster if it is missing and write its settings. Call with the home locked."""
        binaries = binaries_for(self.places.account)
        if self.places.data.is_dir():
            self._check_version(binaries)
            self._check_password()
        else:
            self._make_cluster(binaries)
        for name, text in (("postgresql.conf", settings_text(self.places)), ("pg_hba.conf", HBA)):
            path = self.places.data / name
            if not holds(path, text.encode()):
                write_whole(path, text.encode())
                self.places.account.own(path)

    def process(self) -> Process:
        """Describe the server to the supervisor."""
        server = binaries_for(self.places.account).postgres("postgres")
        return Process(
            name=NAME,
            argv=(server, "-D", str(self.places.data), "-k", str(self._sockets)),
            environment=ENVIRONMENT,
            cwd=self.places.cluster,
            account=self.places.account,
            is_ready=self.is_ready,
            worry=self.worry,
            before_start=self._clear_the_way,
            died=self._died,
            stop=STOP,
            death_signal=signal.SIGINT,
            ready_within_s=1800.0,
        )

    def conninfo(self, database: str = "postgres") -> str:
        """Return how to connect as the superuser: for the bootstrap, restore and tests, never for the portal."""
        return make_conninfo(host=str(self._sockets), user=SUPERUSER, password=self._password, dbname=database)

    def is_ready(self) -> bool:
        """Return whether a real connection answers; raise ServiceFailed where waiting cannot help."""
        try:
            with psycopg.connect(self.conninfo(), connect_timeout=2, autocommit=True) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error as error:
            if "password authentication failed" in str(error):
                path = self.places.secrets / SUPERUSER_SECRET
                raise ServiceFailed(f"the password in {path} is not that of {self.places.data}") from None
            return False

    def worry(self) -> str | None:
        """Return a sentence if the server met damaged pages or the disk is or was full, else None."""
        query = "SELECT coalesce(sum(checksum_failures), 0)::int FROM pg_stat_database"
        try:
            with psycopg.connect(self.conninfo(), connect_timeout=2, autocommit=True) as connection:
                (damaged,) = connection.execute(query).fetchone() or (0,)
        except psycopg.Error:
            damaged = 0
        if damaged:
            return f"the database met {damaged} damaged pages on its disk: restore a backup"
        return self._disk_was_full or low_disk(self.places.cluster)

    def end_survivors(self) -> int:
        """End every process of this cluster that outlived its postmaster or supervisor; return how many there were."""
        return end_processes(self._living, LEFTOVER_STOP)

    def _living(self) -> Sequence[psutil.Process]:
        """Return the postmaster alone while there is one, as it stops the others in order; else those it left."""
        data, title = str(self.places.data), f"postgres: {self.places.cluster_name}: "
        postmaster = list(find_processes(self.places.account.uid, lambda command: command[1:3] == ["-D", data]))
        return postmaster or list(
            find_processes(self.places.account.uid, lambda command: "".join(command[:1]).startswith(title))
        )

    def _clear_the_way(self) -> None:
        """Make sure that no old process works on the data, then remove the lock files it left.

        PostgreSQL itself trusts kill(pid, 0), so a zombie or a stranger with a reused pid would keep it from starting.
        """
        # Backends without a postmaster leave by themselves as soon as they are idle.
        left = end_processes(self._living, (StopStep(signal.SIGQUIT, 5.0),))
        if left and self._living():
            raise ServiceFailed(f"{left} old processes still work on {self.places.data} and cannot be ended")
        self.places.make_sockets(self._sockets)
        for stale in (self.places.data / "postmaster.pid", self._sockets / SOCKET_LOCK, self._sockets / SOCKET):
            stale.unlink(missing_ok=True)

    def _died(self, last_lines: str) -> str | None:
        if DISK_FULL in last_lines:
            self._disk_was_full = release_reserve(self.places.reserve)
            return self._disk_was_full
        return None

    def _check_version(self, binaries: Binaries) -> None:
        found = (self.places.data / "PG_VERSION").read_text("ascii").strip()
        if found != binaries.major:
            raise HomeRefused(
                f"the database in {self.places.data} is of PostgreSQL {found}, and the programs are {binaries.major}: "
                "back it up with the version of the portal that made it, then restore it into a new home"
            )

    def _check_password(self) -> None:
        path = self.places.secrets / SUPERUSER_SECRET
        if not path.exists():
            raise HomeRefused(f"{path} is missing, and {self.places.data} opens with no other: put the file back")

    def _make_cluster(self, binaries: Binaries) -> None:
        """Run initdb into a folder beside, and give it its name when it is whole."""
        unfinished = self.places.data.with_name("postgres.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        reader, writer = os.pipe()
        try:
            # /dev/fd/N opens the pipe anew, so it must belong to the user that opens it.
            os.fchown(reader, self.places.account.uid, self.places.account.gid)
            os.write(writer, f"{self._password}\n".encode())
            os.close(writer)
            account = self.places.account
            done = subprocess.run(
                [binaries.postgres("initdb"), *_initdb_options(str(unfinished), reader)],
                pass_fds=(reader,),
                env=ENVIRONMENT,
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
                user=account.uid if account.is_another else None,
                group=account.gid if account.is_another else None,
                extra_groups=[] if account.is_another else None,
            )
        finally:
            os.close(reader)
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise ServiceFailed(f"initdb could not make {self.places.data}: {done.stderr.strip()}")
        unfinished.rename(self.places.data)
        sync_folder(self.places.cluster)


def _initdb_options(folder: str, password_descriptor: int) -> list[str]:
    return [
        f"--pgdata={folder}",
        f"--username={SUPERUSER}",
        "--auth=scram-sha-256",
        f"--pwfile=/dev/fd/{password_descriptor}",
        "--encoding=UTF8",
        "--locale=C",
        # The order of text is the same on every machine and after every upgrade of its C library.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
    ]
