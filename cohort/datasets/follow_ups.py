"""What others do once a snapshot is built: an app above registers it in its `AppConfig.ready`, as kinds of jobs are.

It runs in the act and transaction that finish the job, so it happens once or not at all.
"""

from collections.abc import Callable

from cohort.datasets.models import Snapshot

FollowUp = Callable[[Snapshot], None]

_follow_ups: dict[str, FollowUp] = {}


def register(name: str, follow_up: FollowUp) -> None:
    """Enter a follow-up. Raises ValueError if its name is taken."""
    if name in _follow_ups:
        raise ValueError(f"the follow-up '{name}' is registered already")
    _follow_ups[name] = follow_up


def run_follow_ups(snapshot: Snapshot) -> None:
    """Run every follow-up, in the order in which they were registered."""
    for follow_up in _follow_ups.values():
        follow_up(snapshot)
