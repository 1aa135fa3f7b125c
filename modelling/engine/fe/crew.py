"""Threads that share a piece of work in parts that are fixed beforehand."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

Work = Callable[[int, int], None]
"""Called with the number of a share and the number of shares; lets go of Python's lock while it works."""

MOST = 8
"""More threads than slabs of one colour would find nothing to do."""


class Crew:
    """`n` threads, the caller's own among them. Between two pieces of work the others sleep, they do not spin."""

    def __init__(self, n: int) -> None:
        """Hire n - 1 threads; they start with the first piece of work."""
        self.n = n
        self._hands = ThreadPoolExecutor(max(1, n - 1), thread_name_prefix="fe")

    def share(self, work: Work) -> None:
        """Do every share of a piece of work, and return when all are done."""
        others = [self._hands.submit(work, share, self.n) for share in range(1, self.n)]
        work(0, self.n)
        for other in others:
            other.result()


def get_crew() -> Crew:
    """Return the crew of as many threads as cores are lent to the calling thread."""
    return _hire(min(MOST, len(os.sched_getaffinity(0))))


@cache
def _hire(n: int) -> Crew:
    return Crew(n)
