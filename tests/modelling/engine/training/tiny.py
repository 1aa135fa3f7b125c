"""The smallest trainings that still go the whole way, and how tests start them."""

import json
from pathlib import Path
from typing import Any

from modelling.engine.training.config import Config
from modelling.engine.training.progress import Progress
from modelling.engine.training.snapshot import read_snapshot
from modelling.engine.training.trained import Stop, Work
from tests.modelling.engine.snapshots import make_snapshot

TINY: dict[str, Any] = {
    "task": "OP_WHO",
    "recipe": "fusion",
    "image_px": 32,
    "width": 8,
    "dim": 16,
    "heads": 2,
    "blocks": 1,
    "epochs": 2,
    "batch": 8,
    "folds": 2,
    "learning_rate": 3e-3,
    "device": "cpu",
}


def lay_run(folder: Path, config: dict[str, Any] | None = None, **wanted: Any) -> Path:
    """Make a run folder with its config and snapshot, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    make_snapshot(folder / "snapshot", **wanted)
    (folder / "config.json").write_text(json.dumps(TINY if config is None else config), "utf-8")
    return folder


def make_work(folder: Path, stop: Stop | None = None, **settings: Any) -> Work:
    """Return the work of a run folder that `lay_run` made, with other settings."""
    config = Config.of(TINY | settings)
    progress = Progress(folder / "result" / "curves.jsonl", config.folds * max(1, config.epochs))
    return Work(folder, config, read_snapshot(folder / "snapshot"), progress, stop or Stop())
