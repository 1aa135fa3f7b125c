"""Run one claimed job: make its folder, start its child, watch it, write down how it ended."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from portal.core.errors import Refused, UnreadableFile
from portal.core.storage import FULL, StorageFull
from portal.jobs import reporting, stopping
from portal.jobs.child import Child, start_child
from portal.jobs.endings import OUT_OF_MEMORY, Ending, read_ending
from portal.jobs.folders import drop_checkpoints, drop_private, find_cage_at_home, hidden_paths, prepare_folder
from portal.jobs.leases import (
    Held,
    LeaseLost,
    fail_job,
    finish_job,
    give_back_job,
    is_cancel_wanted,
    renew_lease,
)
from portal.jobs.registry import PARKED_AT_ONCE, REFUSED, TOO_LONG, TRIED_AGAIN, get_kind

LISTEN_S = 0.2
LOOK_S = 1.0
"""How often a wish to cancel is looked for, and at most how often progress is written."""
MEASURE_S = 0.5
"""How often the child's memory is measured."""

DATABASE_GONE = (OperationalError, InterfaceError)

_log = logging.getLogger(__name__)


class Why(Enum):
    """Why we stop a child ourselves."""

    CANCELLED = "cancelled"
    WORKER_STOPS = "the worker stops"
    LEASE_LOST = "the lease is lost"
    DATABASE_LOST = "the database is out of reach"
    MEMORY = "too much memory"
    TOO_LONG = "too long"


def run_held_job(held: Held) -> None:
    """Do the work of a job that was claimed, and write down how it ended. Never leaves a process behind."""
    try:
        _run(held)
    finally:
        drop_private(held)


def _run(held: Held) -> None:
    try:
        kind = get_kind(held.kind)
        prepared = prepare_folder(held)
        with _kept_alive(held):
            kind.prepare(held, prepared.folder)
        command = kind.command(prepared.folder, held.spec)
        child = start_child(
            command,
            prepared.folder,
            kind.limits,
            find_cage_at_home(),
            number=held.job_pk.int,
            hidden=hidden_paths(),
            libraries=kind.libraries,
        )
    except DATABASE_GONE:
        raise  # the sweeper takes the job back
    except Exception as error:  # noqa: BLE001 - the job runner: whatever a kind's own part raises is the job's failure
        failure = _explain(held, error, reporting.BAD_SPEC)
        _write(lambda: fail_job(held, *failure))
        return
    watch = Watch(held, child, memory_mb=kind.limits.memory_mb or settings.JOB_MEMORY_MB)
    child.heard.message = prepared.words
    child.heard.step = prepared.resumes_at
    try:
        watch.until_ended()
    finally:
        child.end()
    watch.conclude()


@contextlib.contextmanager
def _kept_alive(held: Held) -> Iterator[None]:
    """Renew the lease from a thread of its own while the worker itself is busy laying things out for the child."""
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.wait(settings.JOB_HEARTBEAT_SECONDS):
                renew_lease(held)
        except (LeaseLost, *DATABASE_GONE) as error:
            # The watch finds out by itself, with its own connection, and does what follows from it.
            _log.warning("job %s: its lease was not renewed while it was prepared (%s)", held.job_pk, error)
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name=f"lease of {held.job_pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@dataclass
class Watch:
    """The watch over one child: keeps the lease, looks for wishes, stops what must stop."""

    held: Held
    child: Child
    memory_mb: int
    why: Why | None = None
    # On the worker's own steady clock; the lease itself is counted by the database's.
    alive_at: float = field(default_factory=time.monotonic)
    tried_at: float = 0.0
    looked_at: float = 0.0
    measured_at: float = 0.0
    told_checkpoint: str = ""
    n_told: int = -1

    def until_ended(self) -> None:
        """Listen until the child has ended."""
        while self.child.is_running:
            self.child.listen(min(LISTEN_S, settings.JOB_HEARTBEAT_SECONDS))
            self._look_at_machine()
            try:
                self._tell()
                self._look_for_wishes()
            except LeaseLost:
                self._stop(Why.LEASE_LOST, grace_s=0)
            except DATABASE_GONE as error:
                self._wait_for_database(error)

    def conclude(self) -> None:
        """Write down how it ended, waiting for the database if need be."""
        self.child.process.wait()
        with contextlib.suppress(LeaseLost):
            _write(lambda: self._tell(at_once=True))
        _write(self._write_ending)

    def _write_ending(self) -> None:
        held, ending = self.held, self._read_ending()
        if self.why is Why.LEASE_LOST:
            _log.warning("job %s: fenced out under token %d; nothing of it is written", held.job_pk, held.token)
        elif ending.result is not None:
            self._finish(ending.result)
        elif self.why in {Why.WORKER_STOPS, Why.DATABASE_LOST, Why.CANCELLED} and not self.child.heard.failure:
            give_back_job(held, f"waiting again, because {self.why.value}")
            if self.why is Why.CANCELLED:
                drop_checkpoints(held)
        else:
            fail_job(held, ending.code, ending.text)

    def _finish(self, result: Mapping[str, Any]) -> None:
        try:
            finish_job(self.held, result)
        except (LeaseLost, *DATABASE_GONE):
            raise
        except Exception as error:  # noqa: BLE001 - as above
            code, text = _explain(self.held, error, REFUSED)
            fail_job(self.held, code, text)
            if code in PARKED_AT_ONCE | TRIED_AGAIN:
                return  # another attempt goes on from its checkpoints
        drop_checkpoints(self.held)

    def _read_ending(self) -> Ending:
        if self.why is Why.MEMORY:
            return Ending(code=reporting.MEMORY, text=f"{OUT_OF_MEMORY} Limit: {self.memory_mb} MB.")
        if self.why is Why.TOO_LONG:
            return Ending(code=TOO_LONG, text="It took longer than its kind of job is allowed.")
        child = self.child
        return read_ending(
            child.process.wait(),
            child.heard,
            was_out_of_memory=child.was_out_of_memory,
            limit_mb=child.limits.address_space_mb or self.memory_mb,
        )

    def _tell(self, at_once: bool = False) -> None:
        """Renew the lease when it is due, and with it say how far the work is."""
        heard, now = self.child.heard, time.monotonic()
        news = heard.n_reports != self.n_told
        due = now - self.tried_at >= settings.JOB_HEARTBEAT_SECONDS
        soon = news and (now - self.tried_at >= LOOK_S or heard.checkpoint != self.told_checkpoint)
        if not (due or soon or (news and at_once)):
            return
        self.tried_at, n_told = now, heard.n_reports
        renew_lease(
            self.held, step=heard.step, total=heard.total, message=heard.message, checkpoint_sha256=heard.checkpoint
        )
        self.alive_at, self.n_told, self.told_checkpoint = now, n_told, heard.checkpoint

    def _look_for_wishes(self) -> None:
        if stopping.is_asked():
            self._stop(Why.WORKER_STOPS)
        if time.monotonic() - self.looked_at >= min(LOOK_S, settings.JOB_HEARTBEAT_SECONDS):
            self.looked_at = time.monotonic()
            if is_cancel_wanted(self.held):
                self._stop(Why.CANCELLED)

    def _look_at_machine(self) -> None:
        limits = self.child.limits
        if time.monotonic() - self.measured_at >= MEASURE_S:
            self.measured_at = time.monotonic()
            if self.child.measure_memory_mb() > self.memory_mb:
                self._stop(Why.MEMORY, grace_s=0)
        if limits.wall_seconds is not None and self.child.seconds > limits.wall_seconds:
            self._stop(Why.TOO_LONG)
        if self.child.heard.refused:
            self.child.ask_to_stop(0)

    def _wait_for_database(self, error: Exception) -> None:
        """Let the child work on while the lease lasts; stop it once another worker may have taken over."""
        connection.close()
        silent_s = time.monotonic() - self.alive_at
        _log.warning(
            "job %s: the database is out of reach for %.0f s (%s)", self.held.job_pk, silent_s, type(error).__name__
        )
        if silent_s > settings.JOB_LEASE_SECONDS:
            self._stop(Why.DATABASE_LOST)

    def _stop(self, why: Why, grace_s: float | None = None) -> None:
        if self.why is None:
            self.why = why
            _log.info("job %s: stopping its child, because %s", self.held.job_pk, why.value)
        grace_s = settings.JOB_STOP_GRACE_SECONDS if grace_s is None else grace_s
        if grace_s:
            self.child.ask_to_stop(grace_s)
        else:
            self.child.kill()


def _explain(held: Held, error: Exception, refused: str) -> tuple[str, str]:
    """Return the code and the sentence of what ended the worker's own part of a job, before or after its child."""
    if isinstance(error, StorageFull) or (isinstance(error, OSError) and error.errno in FULL):
        return reporting.DISK_FULL, reporting.DISK_FULL_TEXT
    if isinstance(error, Refused | UnreadableFile):
        return refused, f"{error}."
    # Whatever it is, it must not end the worker and leave the job to be taken for one whose worker fell silent.
    _log.exception("job %s: the portal's own part of it failed", held.job_pk)
    return (
        reporting.CRASH,
        f"The portal's own part of the job failed ({type(error).__name__}); the worker's log says where.",
    )


def _write(write: Callable[[], None]) -> None:
    """Write to the database, waiting for it if it is gone: the token decides whether it still counts.

    A worker that is asked to stop waits no longer; the sweeper takes the job back.
    """
    while True:
        try:
            write()
        except LeaseLost as error:
            _log.warning("%s", error)
        except DATABASE_GONE as error:
            if connection.in_atomic_block:
                # Somebody holds a transaction open around the whole job, as a test does: it went with the connection.
                raise
            connection.close()
            if not stopping.is_asked():
                _log.warning("the database is out of reach (%s); trying again", type(error).__name__)
                time.sleep(LOOK_S)
                continue
            _log.warning("the database is out of reach; the sweeper will take the job back")
        return
