"""The kinds of jobs there are: how each is started, what it may use, and which failures are tried again.

An app registers its kinds in its `AppConfig.ready`. A name taken twice is an error, an unknown one is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal.core.errors import Refused
from portal.jobs import reporting
from portal.jobs.limits import Limits

if TYPE_CHECKING:
    from portal.jobs.leases import Held
    from portal.jobs.models import Job

QUEUES = ("web", "gpu")

PROTOCOL = "protocol"
KILLED = "killed"
INTERRUPTED = "interrupted"
TOO_LONG = "too_long"
LOST = "lost"
REFUSED = "refused"

TRIED_AGAIN = frozenset({reporting.CRASH, KILLED, INTERRUPTED, LOST, reporting.MEMORY})
"""The machine or the moment may be to blame, so another attempt can succeed; parked when attempts are used up."""

PARKED_AT_ONCE = frozenset({reporting.DISK_FULL})
"""Only a person can help, and the work so far is kept. Every other code is final: the same would come out again."""


@dataclass(frozen=True)
class Kind:
    """One kind of job. `command` gets the run folder and the spec and returns what to execute there."""

    name: str
    title: str
    command: Callable[[Path, Mapping[str, Any]], list[str]]
    queues: frozenset[str]
    limits: Limits = field(default_factory=Limits)
    libraries: tuple[str, ...] = ()
    """Modules of others that the command imports and that take long: children are forked where they are ready."""
    check_spec: Callable[[Mapping[str, Any]], None] = lambda spec: None
    """Raises ValueError where the spec cannot be worked on; asked before the job exists."""
    prepare: Callable[["Held", Path], None] = lambda held, folder: None
    """Lays what the child needs into its folder: the child has no database and sees no other file of the portal.
    Run by the worker before the child starts, at every attempt. Raises Refused where there is nothing to work on."""
    private: tuple[str, ...] = ()
    """What is laid into the run folder, or made there, and must not stay: gone whenever an attempt ends, however."""
    finish: Callable[["Job", Path, Mapping[str, Any]], None] = lambda job, folder, result: None
    """Writes down what came out: in the act and transaction that finish the job, so it happens once or not at all.
    Raises Refused where the result cannot be taken; the job has then failed."""


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Enter a kind. Raises ValueError if its name is taken or a queue of it does not exist."""
    if kind.name in _kinds:
        raise ValueError(f"the kind of job '{kind.name}' is registered already")
    if unknown := kind.queues - set(QUEUES):
        raise ValueError(f"the kind of job '{kind.name}' names the queue '{min(unknown)}'; there are: web, gpu")
    _kinds[kind.name] = kind


def get_kind(name: str) -> Kind:
    """Return a kind by its name. Raises Refused for a name nobody registered."""
    if name not in _kinds:
        raise Refused(f"there is no kind of job '{name}'; there are: {', '.join(sorted(_kinds)) or 'none'}")
    return _kinds[name]


def list_kinds() -> list[Kind]:
    """Return every kind, by name."""
    return [_kinds[name] for name in sorted(_kinds)]
