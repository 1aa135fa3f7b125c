"""What a training says while it runs: a line of progress to its watcher and a point of its curves to a file.

Pure.

    result/curves.jsonl    {"auc":0.72,"auc_film":0.66,"epoch":3,"fold":0,"inner_loss":null,"loss":0.61}

`auc` is of the fold that is held out, null where it holds one label only. It is shown and decides nothing.
"""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from portal.jobs import reporting
from portal.proof import jcs


@dataclass(frozen=True)
class Point:
    """One epoch of one fold. loss: mean training loss; inner_loss: of those kept aside to decide when to stop."""

    fold: int
    epoch: int
    loss: float
    auc: float | None
    auc_film: float | None = None
    inner_loss: float | None = None


@dataclass
class Progress:
    """Says how far a training is. Points of an earlier attempt are written again first, so the file is whole."""

    path: Path
    total: int
    points: list[Point] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def begin(self, points: list[Point]) -> None:
        """Start the file anew with the points that a checkpoint kept."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.points = list(points)
        self.path.write_text("".join(self._line(point) for point in self.points), "utf-8")

    def add(self, point: Point, step: int, message: str) -> None:
        """Write one point down and say it."""
        self.points.append(point)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(self._line(point))
        reporting.report_progress(step, self.total, message)

    def say(self, step: int, message: str, checkpoint: str = "") -> None:
        """Say something that is no point of a curve."""
        reporting.report_progress(step, self.total, message, checkpoint)

    @staticmethod
    def _line(point: Point) -> str:
        # Canonical: a point that a checkpoint kept gives the same text as a fresh one.
        return jcs.dumps(asdict(point)).decode() + "\n"
