"""A job that does nothing but behave: `python -m portal.jobs.demonstration RUN_FOLDER`.

It sleeps in steps, writes a checkpoint after each few of them, stops cleanly when asked, and goes on from its
checkpoint. Its spec can ask it to fail in each of the ways real work fails, so that the faults of TRUST 4.4 can be
shown on the jobs page and proved by tests. Pure: the standard library alone.
"""

import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from portal.jobs import checkpoints, reporting

FAILURES = ("", "bad_spec", "crash", "killed", "memory", "not_finite", "silent")
"""Ways to fail at `fail_at`: a wrong spec, an uncaught error, SIGKILL, too much memory, NaN, an end without a word."""


@dataclass(frozen=True)
class Spec:
    """What the demonstration is asked to do."""

    steps: int
    seconds_per_step: float
    checkpoint_every: int
    checkpoint_kb: int = 0
    """How much each checkpoint weighs, beside the little it has to say."""
    fail: str = ""
    fail_at: int = 0
    fail_attempts: int = 0
    """How many attempts fail; 0 means all of them."""

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Spec":
        """Return the spec, or raise ValueError saying what is wrong with it."""
        try:
            spec = cls(**{key: value for key, value in values.items() if key != "name"})
        except TypeError as error:
            raise ValueError(f"a part is missing or unknown ({error})") from None
        if not 1 <= spec.steps <= 100_000 or spec.checkpoint_every < 1 or spec.seconds_per_step < 0:
            raise ValueError("steps lies between 1 and 100000, checkpoint_every is at least 1, seconds not negative")
        if spec.fail not in FAILURES:
            raise ValueError(f"fail is '{spec.fail}'; wanted one of {', '.join(map(repr, FAILURES))}")
        return spec


class Stop:
    """Set by SIGTERM; looked at between steps."""

    asked = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def main(arguments: list[str]) -> int:
    """Run the work of a run folder; return the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m portal.jobs.demonstration RUN_FOLDER\n")
        return 2
    stop = Stop()
    signal.signal(signal.SIGTERM, stop.ask)
    folder = Path(arguments[0])
    run = json.loads((folder / "run.json").read_text("utf-8"))
    return reporting.run_reporting(lambda: work(folder, Spec.of(run["spec"]), stop, attempt=run.get("attempt", 1)))


def work(folder: Path, spec: Spec, stop: Stop, attempt: int) -> int:
    """Do the steps that are left; return the exit status."""
    own = folder / "checkpoints"
    state = load_state(own)
    began_at_step = state["done"]
    while state["done"] < spec.steps:
        if stop.asked:
            keep_state(own, state, spec, "stopped when asked")
            return reporting.STOPPED
        time.sleep(spec.seconds_per_step)
        fail_if_asked(spec, state["done"] + 1, attempt)
        state = {"done": state["done"] + 1, "total_of_steps": state["total_of_steps"] + state["done"] + 1}
        if state["done"] % spec.checkpoint_every == 0:
            keep_state(own, state, spec, "kept a checkpoint")
        else:
            reporting.report_progress(state["done"], spec.steps, "sleeping")
    leave_mark(folder / "effects.txt", os.getpid())
    reporting.report_result({"total_of_steps": state["total_of_steps"], "began_at_step": began_at_step})
    return 0


def load_state(folder: Path) -> dict[str, int]:
    """Return the state of the newest checkpoint that is whole, or the beginning."""
    for checkpoint in checkpoints.find(folder):
        try:
            found: dict[str, int] = json.loads(checkpoints.read(checkpoint))
        except checkpoints.TornCheckpoint as error:
            sys.stderr.write(f"{error}; the one before it is used\n")
            continue
        return found
    return {"done": 0, "total_of_steps": 0}


def keep_state(folder: Path, state: dict[str, int], spec: Spec, message: str) -> None:
    """Write a checkpoint and say so."""
    content = json.dumps(state).encode() + b" " * (1024 * spec.checkpoint_kb)
    kept = checkpoints.write(folder, state["done"], content)
    reporting.report_progress(state["done"], spec.steps, message, kept.sha256)


def fail_if_asked(spec: Spec, step: int, attempt: int) -> None:
    """Fail in the way the spec asks for, at its step."""
    if step != spec.fail_at or not spec.fail or (spec.fail_attempts and attempt > spec.fail_attempts):
        return
    if spec.fail == "bad_spec":
        raise ValueError(f"the demonstration was asked to find its spec wrong at step {step}")
    if spec.fail == "not_finite":
        reporting.report_failure(
            reporting.NOT_FINITE,
            f"A number became NaN at step {step}. The last good checkpoint is kept. "
            "Start it again with other numbers: the same ones would end here again.",
        )
        raise SystemExit(1)
    if spec.fail == "silent":
        raise SystemExit(0)
    if spec.fail == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if spec.fail == "memory":
        fill_memory()
    raise RuntimeError(f"the demonstration was asked to crash at step {step}")


def fill_memory() -> None:
    """Take memory until there is none left to take."""
    held: list[bytearray] = []
    while True:
        held.append(bytearray(64 << 20))


def leave_mark(path: Path, process: int) -> None:
    """Add one line to a file: tests count the lines, for each is one run that came to its end."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"{process}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
