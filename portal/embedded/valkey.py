"""The embedded broker: Valkey on a private socket, every message on the disk before it is acknowledged."""

import hashlib
import signal
import socket
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import psutil

from portal.embedded.binaries import binaries_for
from portal.embedded.errors import ServiceFailed
from portal.embedded.files import holds, make_folder, write_whole
from portal.embedded.places import Places
from portal.embedded.processes import Process, StopStep
from portal.embedded.secrets import ensure_secret
from portal.embedded.survivors import end_processes, find_processes

NAME = "valkey"
SOCKET = "valkey.sock"
USER = "portal"
USER_SECRET = "broker_portal"

WELL = b"+OK\r\n+PONG\r\n"

STOP = (StopStep(signal.SIGTERM, 20.0),)

# appendfsync always: "every second" loses what came in the last one. noeviction: a full broker must refuse a message
# rather than drop another. The file holds only the hash of the password, and the server's argv nothing of it.
CONFIGURATION = """# Written by the portal at every start; changes are lost.
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
appendonly yes
appendfsync always
save ""
maxmemory 256mb
maxmemory-policy noeviction
user default off
user portal on #{password_hash} ~* &* +@all -@admin -@dangerous +info
proc-title-template "valkey-server {{listen-addr}}"
"""


class Valkey:
    """The message broker of one home."""

    def __init__(self, places: Places) -> None:
        self.places = places

    @cached_property
    def _sockets(self) -> Path:
        return self.places.sockets()

    @cached_property
    def _password(self) -> str:
        return ensure_secret(self.places.secrets, USER_SECRET)

    def prepare(self) -> None:
        """Write the folder and the configuration. Also before each restart: the folder may have been deleted."""
        if make_folder(self.places.valkey):
            self.places.account.own(self.places.valkey)
        text = CONFIGURATION.format(
            socket=_quoted(self._sockets / SOCKET),
            folder=_quoted(self.places.valkey),
            password_hash=hashlib.sha256(self._password.encode()).hexdigest(),
        ).encode()
        path = self.places.valkey / "valkey.conf"
        if not holds(path, text):
            write_whole(path, text)
            self.places.account.own(path)

    def process(self) -> Process:
        """Describe the server to the supervisor."""
        return Process(
            name=NAME,
            argv=(str(binaries_for(self.places.account).valkey_server), str(self.places.valkey / "valkey.conf")),
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            cwd=self.places.cluster,
            account=self.places.account,
            is_ready=self.is_ready,
            before_start=self._clear_the_way,
            stop=STOP,
            ready_within_s=600.0,
        )

    def is_ready(self) -> bool:
        """Return whether a real connection answers; while the server still reads its file, it says so instead."""
        answer = b""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2.0)
                connection.connect(str(self._sockets / SOCKET))
                connection.sendall(f"AUTH {USER} {self._password}\r\nPING\r\n".encode())
                while answer.count(b"\r\n") < len(WELL.splitlines()) and (piece := connection.recv(1024)):
                    answer += piece
        except OSError:
            return False
        return answer == WELL

    def end_survivors(self) -> int:
        """End a server of this home that outlived its supervisor."""
        return end_processes(self._living, STOP)

    def _living(self) -> Sequence[psutil.Process]:
        title = f"valkey-server unixsocket:{self._sockets / SOCKET}"
        settings = str(self.places.valkey / "valkey.conf")

        def is_ours(command: list[str]) -> bool:
            return command[1:2] == [settings] or " ".join(command).startswith(title)

        return list(find_processes(self.places.account.uid, is_ours))

    def _clear_the_way(self) -> None:
        if self.end_survivors() and self._living():
            raise ServiceFailed(f"an old broker still works on {self.places.valkey} and cannot be ended")
        self.places.make_sockets(self._sockets)
        (self._sockets / SOCKET).unlink(missing_ok=True)
        self.prepare()


def _quoted(path: Path) -> str:
    """Return a path as the configuration takes it: a person's folder may have blanks and quotes in its name."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
