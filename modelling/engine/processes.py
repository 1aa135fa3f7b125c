"""Work shared out among processes through pipes, in order."""

from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

Wish = TypeVar("Wish")
Made = TypeVar("Made")


def work_in_order(work: Callable[[Wish], Made], wishes: Sequence[Wish], n_processes: int) -> Iterator[Made]:
    """Yield what `work` makes of each wish, in their order, made by several processes.

    A pipe each and no pool: a pool wants shared memory, which a bare machine may not let an ordinary user have.
    Spawned, so that no connection, compiled loop or thread of this process is copied half-way.
    Raises what `work` raised; ChildProcessError where a process ended without a word. The others are then ended.
    """
    context = get_context("spawn")
    lines: list[Connection] = []
    workers: list[BaseProcess] = []
    try:
        for number in range(min(n_processes, len(wishes))):
            ours, theirs = context.Pipe(duplex=False)
            worker: BaseProcess = context.Process(
                target=_work, args=(work, wishes[number::n_processes], theirs), daemon=True
            )
            worker.start()
            theirs.close()
            lines.append(ours)
            workers.append(worker)
        for number in range(len(wishes)):
            yield _hear(lines[number % n_processes], number)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _hear(line: Connection, number: int) -> Any:
    try:
        made, error = line.recv()
    except EOFError:
        raise ChildProcessError(f"the process at work on item {number} ended before it was done") from None
    if error is not None:
        raise error
    return made


def _work(work: Callable[[Any], Any], wishes: Sequence[Any], line: Connection) -> None:
    for wish in wishes:
        try:
            line.send((work(wish), None))
        except Exception as error:  # noqa: BLE001 - told to the process that asked, which raises it
            line.send((None, error))
            return
