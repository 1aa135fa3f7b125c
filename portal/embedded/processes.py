"""What a supervised process is: how to start it, how to see that it works, how to stop it. Pure description."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from portal.embedded.account import Account


class State(StrEnum):
    """Where a process stands. The first two are before it works, READY is while, the rest after."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class Restart(StrEnum):
    """What to do when a process ends unasked."""

    ALWAYS = "always"
    ON_FAILURE = "on-failure"
    NEVER = "never"


@dataclass(frozen=True)
class StopStep:
    """A signal, and how long it is given to work before the next one. After the last step comes SIGKILL."""

    signal: signal.Signals
    grace_s: float


POLITE_STOP = (StopStep(signal.SIGTERM, 40.0),)


def always_ready() -> bool:
    """Answer for a process that has no other sign of life than being there."""
    return True


def nothing_to_say() -> None:
    """Have no worry."""


def nothing_to_do() -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Process:
    """One process to keep alive.

    argv: the program by its full path, then its arguments; never a secret, every user can read them.
    is_ready: asked after the start until it says yes, then every few seconds: quick,
        False rather than an error, except ServiceFailed where waiting cannot help.
    worry: asked with it when it is up; returns a sentence for the operator, or none.
    before_start: run before every start, also after a crash; it may raise ServiceFailed to have it tried again later.
    died: told the last lines of the log after an end nobody asked for; returns a sentence for the operator, or none.
    tries: starts in a row that may fail before the first one ever worked; later it is tried for ever.
    ready_within_s: a safety net for the first start; long, as recovery after a crash may take minutes.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: Path
    account: Account | None = None
    is_ready: Callable[[], bool] = always_ready
    worry: Callable[[], str | None] = nothing_to_say
    before_start: Callable[[], None] = nothing_to_do
    died: Callable[[str], str | None] = field(default=lambda _lines: None)
    restart: Restart = Restart.ALWAYS
    stop: tuple[StopStep, ...] = POLITE_STOP
    death_signal: signal.Signals = signal.SIGTERM
    tries: int = 5
    ready_within_s: float = 60.0
