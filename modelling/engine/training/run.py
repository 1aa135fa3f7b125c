"""Trains in a run folder: `python -m modelling.engine train FOLDER`.

    FOLDER/config.json     what to do (`config.py`)
    FOLDER/snapshot/       whom to learn from (`snapshot.py`)
    FOLDER/checkpoints/    where it goes on after an interruption
    FOLDER/result/         what comes out (`results.py`), curves from the first epoch on

Asked to stop (SIGTERM) it leaves a checkpoint and ends with status 75.
"""

import os
import signal
from pathlib import Path
from types import FrameType

from modelling.engine.training.config import Config, read_config
from modelling.engine.training.learners import get_learner
from modelling.engine.training.progress import Progress
from modelling.engine.training.results import write_results
from modelling.engine.training.snapshot import Snapshot, read_snapshot
from modelling.engine.training.trained import NotFinite, Stop, Work
from portal.jobs import reporting

CURVES = "curves.jsonl"


def main(folder: Path) -> int:
    """Train; return the exit status."""
    stop = Stop()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.asked = True

    signal.signal(signal.SIGTERM, ask)
    return reporting.run_reporting(lambda: work_in(folder, stop))


def work_in(folder: Path, stop: Stop) -> int:
    """Do the training of a run folder; return the exit status."""
    config = read_config(folder / "config.json")
    set_threads(config.threads)
    total = config.folds * config.epochs if config.is_net else config.folds
    progress = Progress(folder / "result" / CURVES, total)
    progress.say(0, "reading the snapshot")
    snapshot = read_snapshot(folder / "snapshot")
    check_fit(config, snapshot)
    try:
        trained = get_learner(config.recipe).train(Work(folder, config, snapshot, progress, stop))
    except NotFinite as error:
        reporting.report_failure(reporting.NOT_FINITE, str(error))
        return 1
    if trained is None:
        return reporting.STOPPED
    progress.say(total, "writing the model")
    reporting.report_result(write_results(folder / "result", config, snapshot, trained))
    return 0


def check_fit(config: Config, snapshot: Snapshot) -> None:
    """Raise ValueError where a snapshot is not for training this task, or lacks an image modality asked for."""
    if snapshot.manifest["purpose"] != "train":
        raise ValueError(f"the snapshot's purpose is '{snapshot.manifest['purpose']}'; wanted 'train'")
    if snapshot.task != config.task:
        raise ValueError(f"the snapshot is of the task {snapshot.task}; wanted {config.task}")
    for modality in config.modalities or ():
        if not snapshot.images.get(modality):
            raise ValueError(f"the snapshot holds no image of the modality '{modality}'")


def set_threads(threads: int) -> None:
    """Say how many threads may compute; torch reads it when it is loaded, which is later.

    Threads that wait must sleep: where others use the cores too, waiting threads that spin made an epoch forty times
    slower. One thread is the default of a recipe, so that a worker leaves a core to the pages.
    """
    os.environ["OMP_WAIT_POLICY"] = "passive"
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
    # cuBLAS needs it to give the same bits twice (NVIDIA, cuBLAS, "Results reproducibility").
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
