"""The supervisor of one home: keeps PostgreSQL, the broker and the portal's own processes alive, and stops them.

One thread starts and watches everything. It must be one and must live on, because the kernel's death signal is bound
to the thread that started a process (prctl(2)), and only the parent can see the end of a zombie that nobody reaps.
"""

import atexit
import json
import os
import threading
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from portal.embedded.bootstrap import prepare_cluster
from portal.embedded.claims import claim_cluster, confirm_cluster
from portal.embedded.errors import ServiceFailed
from portal.embedded.files import write_whole
from portal.embedded.kept import Kept
from portal.embedded.lock import HomeLock
from portal.embedded.logfiles import LogFile
from portal.embedded.places import Places
from portal.embedded.postgres import NAME as POSTGRES
from portal.embedded.postgres import Postgres
from portal.embedded.processes import POLITE_STOP, Process, State
from portal.embedded.reserve import DEFAULT_RESERVE_MB, renew_reserve
from portal.embedded.survivors import birth_of, end_processes, same_process
from portal.embedded.valkey import NAME as VALKEY
from portal.embedded.valkey import Valkey

POLL_S = 0.05
BUSY_POLL_S = 0.01
CHECK_EVERY_S = 5.0


class Supervisor:
    """Holds the home's lock from `start` to `stop`."""

    def __init__(self, home: Path | str, *, reserve_mb: int = DEFAULT_RESERVE_MB) -> None:
        self.places = Places.of(home)
        self.postgres = Postgres(self.places)
        self.valkey = Valkey(self.places)
        self._reserve_mb = reserve_mb
        self._lock = HomeLock(self.places.lock)
        self._kept: list[Kept] = []
        self._guard = threading.RLock()
        self._thread: threading.Thread | None = None
        self._is_stopping = False
        self._owner, self._birth = os.getpid(), birth_of(os.getpid())
        self._stage = "starting"
        self._own_alarms: dict[str, str] = {}
        self._written: bytes = b""
        self._check_at = 0.0
        self.events = LogFile(self.places.logs / "supervisor.log")

    def start(self) -> None:
        """Take the home and bring both services up, or raise and leave nothing running.

        Raises HomeInUse where another supervisor holds the home, HomeRefused where the home cannot be used and
        ServiceFailed, with the end of the log, where a service does not come up.
        """
        self.places.make_home()
        self._lock.acquire()
        try:
            self._end_leftovers()
            self._write_status()
            claim_cluster(self.places)
            self.places.make_sockets(self.places.sockets())
            renew_reserve(self.places, self._reserve_mb)
            self.postgres.prepare()
            confirm_cluster(self.places)
            self.valkey.prepare()
            self._thread = threading.Thread(target=self._keep, name="trabecula-supervisor", daemon=True)
            self._thread.start()
            atexit.register(self.stop)
            services = [self.postgres.process(), self.valkey.process()]
            self.add(*services)
            self.wait_until_ready(*(service.name for service in services))
            prepare_cluster(self.places)
        except BaseException:
            self.stop()
            raise
        self._set_stage("ready")

    def add(self, *processes: Process) -> None:
        """Keep further processes alive from now on. They are stopped before the two services are."""
        with self._guard:
            for process in processes:
                if self.find(process.name) is not None:
                    raise ValueError(f"a process named '{process.name}' is supervised already")
                logfile = LogFile(self.places.logs / f"{process.name}.log")
                self._kept.append(Kept(process, logfile, self.events))

    def wait_until_ready(self, *names: str) -> None:
        """Return when each named process is ready; raise ServiceFailed, with the end of its log, if one gives up."""
        for name in names:
            kept = self.find(name)
            if kept is None:
                raise ValueError(f"no process named '{name}' is supervised")
            deadline = time.monotonic() + kept.process.ready_within_s
            while kept.state is not State.READY:
                is_lost = kept.is_over or kept.is_hopeless or not self._is_keeping()
                if is_lost or time.monotonic() > deadline:
                    raise ServiceFailed(f"{name} did not come up: {kept.alarm or 'no answer'}\n{kept.logfile.tail()}")
                time.sleep(BUSY_POLL_S)

    def _is_keeping(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def find(self, name: str) -> Kept | None:
        """Return the supervised process of that name."""
        return next((kept for kept in self._kept if kept.process.name == name), None)

    def remove(self, name: str) -> None:
        """Stop one process and forget it."""
        kept = self.find(name)
        if kept is None:
            raise ValueError(f"no process named '{name}' is supervised")
        with self._guard:
            kept.ask_to_stop()
        while not kept.is_over:
            time.sleep(BUSY_POLL_S)
        with self._guard:
            self._kept.remove(kept)

    @property
    def alarms(self) -> dict[str, str]:
        """What an operator should know now, by the name of what it concerns. Empty when all is well."""
        found = dict(self._own_alarms)
        for kept in self._kept:
            if kept.alarm:
                found[kept.process.name] = kept.alarm
            if kept.logfile.trouble:
                found[f"{kept.process.name}.log"] = kept.logfile.trouble
        if self.events.trouble:
            found["supervisor.log"] = self.events.trouble
        return found

    def stop(self) -> None:
        """Stop everything, the services last, and give the home back. May be called twice."""
        if os.getpid() != self._owner or self._is_stopping:
            return  # a forked child runs atexit too, and must not stop its parent's services
        self._is_stopping = True
        self._set_stage("stopping")
        if self._thread is not None:
            self._thread.join()
            self.postgres.end_survivors()
            self.places.leave_sockets()
            atexit.unregister(self.stop)
        if self._lock.is_held:
            self._set_stage("stopped")
            self._lock.release()

    def _keep(self) -> None:
        while True:
            with self._guard:
                kept = list(self._kept)
            if self._is_stopping:
                _ask_to_stop(kept)
                if all(one.is_over for one in kept):
                    return
            for one in kept:
                with self._guard:
                    one.tick()
            if time.monotonic() >= self._check_at:
                self._check_at = time.monotonic() + CHECK_EVERY_S
                for one in kept:
                    one.logfile.check()
            self._write_status()
            is_busy = any(one.state in {State.STARTING, State.STOPPING} for one in kept)
            time.sleep(BUSY_POLL_S if is_busy else POLL_S)

    def _end_leftovers(self) -> None:
        """End what a killed supervisor left behind, where the kernel has not done so already."""
        for left in reversed(_recorded_processes(self.places.status)):
            if left["name"] in {POSTGRES, VALKEY}:
                continue
            process = same_process(int(left["pid"]), str(left["birth"]))
            if process is not None:
                self.events.note(f"{left['name']} (pid {left['pid']}) outlived its supervisor and is stopped")
                end_processes(partial(_alive, process.pid, str(left["birth"])), POLITE_STOP)
        for service in (self.postgres, self.valkey):
            if service.end_survivors():
                self.events.note(f"a server of {self.places.cluster} outlived its supervisor and was stopped")

    def _set_stage(self, stage: str) -> None:
        self._stage = stage
        if self._lock.is_held:
            self._write_status()

    def _write_status(self) -> None:
        status = {
            "pid": self._owner,
            "birth": self._birth,
            "home": str(self.places.home),
            "stage": self._stage,
            "processes": [
                {"name": one.process.name, "state": one.state, "pid": one.pid, "birth": one.birth, "starts": one.starts}
                for one in self._kept
            ],
            "alarms": self.alarms,
        }
        content = (json.dumps(status, indent=1) + "\n").encode()
        if content == self._written:
            return
        try:
            with self._guard:
                write_whole(self.places.status, content)
                self._written = content
                self._own_alarms.pop("status", None)
        except OSError as error:
            # A full disk must not take the keeper down with it.
            self._own_alarms["status"] = f"{self.places.status} cannot be written ({error.strerror})"


def _ask_to_stop(kept: Iterable[Kept]) -> None:
    """Ask the portal's own processes, all at once; when they are gone, the services they may need to leave well."""
    services = [one for one in kept if one.process.name in {POSTGRES, VALKEY}]
    own = [one for one in kept if one not in services]
    for one in services if all(one.is_over for one in own) else own:
        one.ask_to_stop()


def _recorded_processes(status: Path) -> list[dict[str, Any]]:
    try:
        recorded = json.loads(status.read_text("utf-8"))["processes"]
    except (FileNotFoundError, ValueError, KeyError):
        return []
    return [one for one in recorded if one.get("pid") and one.get("birth")]


def _alive(pid: int, birth: str) -> list[Any]:
    process = same_process(pid, birth)
    return [] if process is None else [process]
