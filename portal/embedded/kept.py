"""One process kept alive: started, watched, started again, stopped. Moved along by the supervisor's thread alone."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded.errors import HomeRefused, ServiceFailed
from portal.embedded.logfiles import LogFile
from portal.embedded.processes import Process, Restart, State, StopStep
from portal.embedded.survivors import birth_of

LAUNCHER = Path(__file__).with_name("launch.py")
FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 30.0
SETTLED_AFTER_S = 10.0
"""A process that worked this long has earned a quick restart again."""
PROBE_EVERY_S = 5.0

log = logging.getLogger(__name__)


@dataclass
class Kept:
    """A process, its log and where it stands."""

    process: Process
    logfile: LogFile
    events: LogFile
    state: State = State.WAITING
    pid: int | None = None
    birth: str | None = None
    starts: int = 0
    was_ready: bool = False
    alarm: str | None = None
    is_hopeless: bool = False
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _failures: int = 0
    _next_at: float = 0.0
    _ready_at: float = 0.0
    _steps: list[StopStep] = field(default_factory=list)

    def tick(self) -> None:
        """Look once, and do the next thing that is due. Returns at once except while preparing a start."""
        now = time.monotonic()
        if self._child is not None and self._child.poll() is not None:
            self._ended(self._child.returncode, now)
        elif self.state is State.WAITING and now >= self._next_at:
            self._start(now)
        elif self.state is State.STARTING and self._answers():
            self._became_ready(now)
        elif self.state is State.READY and now >= self._next_at:
            self._look_again(now)
        elif self.state is State.STOPPING and now >= self._next_at:
            self._next_stop_step(now)

    def ask_to_stop(self) -> None:
        """Begin to stop; `tick` goes on with it until the state is STOPPED."""
        if self.state in {State.STOPPING, State.STOPPED, State.FAILED}:
            return
        self._steps = [*self.process.stop, StopStep(signal.SIGKILL, 10.0)]
        self._next_at = 0.0
        self.state = State.STOPPING if self._child is not None else State.STOPPED

    def _answers(self) -> bool:
        try:
            return self.process.is_ready()
        except ServiceFailed as error:
            self.alarm, self.is_hopeless = str(error), True
            return False

    @property
    def is_over(self) -> bool:
        return self.state in {State.STOPPED, State.FAILED}

    def _start(self, now: float) -> None:
        spec = self.process
        try:
            spec.before_start()
        except (ServiceFailed, HomeRefused, OSError) as error:
            self._failed_start(str(error), now)
            return
        uid, gid = (spec.account.uid, spec.account.gid) if spec.account else (os.geteuid(), os.getegid())
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(spec.death_signal))]
        output = self.logfile.open()
        try:
            self._child = subprocess.Popen(
                [*launcher, str(uid), str(gid), *spec.argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=spec.cwd,
                env=dict(spec.environment),
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, who stops things in order
            )
        except OSError as error:
            self._failed_start(str(error), now)
            return
        finally:
            os.close(output)
        self.pid, self.birth = self._child.pid, birth_of(self._child.pid)
        self.starts += 1
        self.state = State.STARTING

    def _became_ready(self, now: float) -> None:
        self.state, self.was_ready, self.alarm = State.READY, True, self.process.worry()
        self._ready_at, self._next_at = now, now + PROBE_EVERY_S
        self._tell(f"{self.process.name} is ready (pid {self.pid}, start {self.starts})")

    def _look_again(self, now: float) -> None:
        if now - self._ready_at > SETTLED_AFTER_S:
            self._failures = 0
        # A slow service is not killed for being slow: that would turn load into an outage.
        self.alarm = self.process.worry() if self._answers() else f"{self.process.name} runs, but does not answer"
        self._next_at = time.monotonic() + PROBE_EVERY_S

    def _ended(self, code: int, now: float) -> None:
        self._clear_group()
        self._child, self.pid, self.birth = None, None, None
        if self.state is State.STOPPING:
            self.state = State.STOPPED
            return
        what = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        self._tell(f"{self.process.name} {what} unasked")
        wanted = self.process.restart
        if wanted is Restart.NEVER or (wanted is Restart.ON_FAILURE and code == 0):
            self.state = State.STOPPED if code == 0 else State.FAILED
            self.alarm = None if code == 0 else f"{self.process.name} {what}"
            return
        advice = self.process.died(self.logfile.tail())
        self._failed_start(advice or f"{self.process.name} {what}", now)

    def _failed_start(self, why: str, now: float) -> None:
        self._failures += 1
        self.alarm = why
        self._tell(why)
        if not self.was_ready and self._failures >= self.process.tries:
            self.state = State.FAILED
            return
        self.state = State.WAITING
        self._next_at = now + min(FIRST_WAIT_S * 2 ** min(self._failures - 1, 10), LONGEST_WAIT_S)

    def _next_stop_step(self, now: float) -> None:
        if self.pid is None:
            return
        step = self._steps.pop(0) if self._steps else StopStep(signal.SIGKILL, 1.0)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, step.signal)
        self._next_at = now + step.grace_s

    def _clear_group(self) -> None:
        # Children of a dead leader must not work on beside those of the next one.
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def _tell(self, line: str) -> None:
        log.info(line)
        self.events.note(line)
