"""Faults in the middle of uploads: what was acknowledged is kept, what was not leaves nothing (TRUST 4.4)."""

import http.client
import json
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from django.db import connections

from cohort.imaging import quarantine
from cohort.imaging.models import Upload, UploadedFile
from cohort.imaging.settling import sweep_uploads
from portal.embedded.places import Places
from portal.embedded.running import status_of
from portal.embedded.survivors import find_processes
from tests.browser import served
from tests.cast import Cast, make_participant
from tests.cohort.imaging.builders import begin
from tests.cohort.pages import look_as
from tests.faults.processes import Stack
from tests.portal.jobs.children import wait_until
from tests.services import SERVICES

pytestmark = pytest.mark.fault

N_SENDERS = 4
N_FILES = 25
"""Of each sender."""


@pytest.fixture
def cast(cast: Cast, fresh_database: dict[str, str], settings: Any, tmp_path: Path) -> Cast:
    settings.SECOND_FACTOR_REQUIRED = False
    settings.HOME = tmp_path / "home"
    return cast


@pytest.fixture
def address(cast: Cast) -> Iterator[str]:
    with served() as where:
        yield where


@dataclass
class Door:
    """The API as a program of Nora's uses it: a session, a token, one connection a request."""

    address: str
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, address: str, cast: Cast) -> "Door":
        client = look_as(cast.nora)
        client.get("/")
        cookies = {name: one.value for name, one in client.cookies.items()}
        cookies.setdefault("csrftoken", "a" * 32)
        said = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return cls(address, {"Cookie": said, "X-CSRFToken": cookies["csrftoken"]})

    def put(self, pk: object, name: str, content: bytes) -> tuple[int, dict[str, Any]]:
        """Send one file; return the status and the answer."""
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        try:
            headers = {**self.headers, "Content-Type": "application/octet-stream"}
            connection.request("PUT", f"/api/uploads/{pk}/files/?name={name}", content, headers)
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if answer.status < 300 else {}
        finally:
            connection.close()


class Sender(threading.Thread):
    """Sends numbered files, each again until it is acknowledged, and remembers what was."""

    def __init__(self, door: Door, upload: Upload, number: int) -> None:
        super().__init__(name=f"sender-{number}")
        self.door, self.upload, self.number = door, upload, number
        self.acknowledged: dict[str, tuple[str, str]] = {}
        self.n_broken = 0

    def run(self) -> None:
        random = Random(self.number)
        for number in range(N_FILES):
            content = random.randbytes(200_000)
            name = f"{self.number}-{number}.dcm"
            while name not in self.acknowledged:
                self._try(name, content)

    def _try(self, name: str, content: bytes) -> None:
        try:
            status, told = self.door.put(self.upload.pk, name, content)
        except (OSError, http.client.HTTPException):
            status, told = 0, {}
        if status in {200, 201}:
            self.acknowledged[name] = (told["id"], sha256(content).hexdigest())
        else:
            self.n_broken += 1


def kill_postgres() -> None:
    """Kill the server and every process of it without warning; its supervisor starts it again."""
    places = Places.of(SERVICES.home)
    postmaster = next(find_processes(places.account.uid, lambda command: command[1:3] == ["-D", str(places.data)]))
    for one in (postmaster, *postmaster.children(recursive=True)):
        try:
            one.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    wait_until(lambda: not postmaster.is_running() and status_of(SERVICES.home)["stage"] == "ready")


def list_quarantine(home: Path) -> list[Path]:
    return [path for path in (home / "quarantine").rglob("*") if path.is_file()]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_killed_database_loses_no_acknowledged_file(cast: Cast, address: str, settings: Any):
    upload = begin(cast, make_participant(cast))
    door = Door.of(address, cast)
    senders = [Sender(door, upload, number) for number in range(N_SENDERS)]
    for sender in senders:
        sender.start()
    for n_wanted in (10, 40, 70):
        wait_until(lambda: sum(len(one.acknowledged) for one in senders) >= n_wanted)  # noqa: B023
        kill_postgres()
    for sender in senders:
        sender.join(300)
        assert not sender.is_alive()
    connections.close_all()
    acknowledged = {name: told for sender in senders for name, told in sender.acknowledged.items()}
    assert len(acknowledged) == N_SENDERS * N_FILES
    assert sum(one.n_broken for one in senders) > 0, "no request met the killed database: nothing was proved"
    rows = {str(one.pk): one for one in UploadedFile.objects.filter(upload=upload)}
    assert len(rows) == len(acknowledged)
    for name, (pk, digest) in acknowledged.items():
        assert (rows[pk].name, rows[pk].sha256) == (name, digest)
        assert sha256(quarantine.path_of(upload.pk, rows[pk].pk).read_bytes()).hexdigest() == digest
    sweep_uploads(older_than_s=-1)
    assert {path.name for path in list_quarantine(settings.HOME)} == set(rows)


def test_a_sender_that_hangs_up_at_99_percent_leaves_nothing(cast: Cast, address: str, settings: Any):
    upload = begin(cast, make_participant(cast))
    door = Door.of(address, cast)
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    connection.putrequest("PUT", f"/api/uploads/{upload.pk}/files/?name=one.dcm")
    for name, value in {**door.headers, "Content-Length": "1000000"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(b"x" * 990_000)
    wait_until(lambda: list_quarantine(settings.HOME))
    connection.close()
    wait_until(lambda: not list_quarantine(settings.HOME))
    assert not UploadedFile.objects.exists()
    assert door.put(upload.pk, "one.dcm", b"x" * 1000)[0] == 201


def test_a_web_process_killed_while_a_file_arrives_leaves_half_a_file_until_the_sweep(works: Stack, settings: Any):
    settings.HOME = works.home
    status = works.run_python(
        """
import os, signal, uuid
from cohort.imaging import quarantine

class Body:
    n = 0
    def read(self, size=-1):
        self.n += 1
        if self.n == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"x" * size

quarantine.receive(uuid.uuid4(), Body(), 50 << 20)
"""
    )
    assert status == -signal.SIGKILL
    (half,) = list_quarantine(works.home)
    assert half.name.endswith(".part")
    sweep_uploads()
    assert half.exists(), "a file that may still be arriving was deleted"
    assert sweep_uploads(older_than_s=-1) == 1
    assert not half.exists()
    assert not half.parent.exists()
