"""The recipe "fusion": one multimodal network a fold, trained, resumed and put together into an ensemble."""

import hashlib
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import torch as safetensors
from torch import Tensor

from modelling.engine.metrics.tasks import why_untaught
from modelling.engine.nets.registry import make
from modelling.engine.recipes import FILM_ONLY, IMAGE_MODALITIES
from modelling.engine.training import checkpoint
from modelling.engine.training.clinical import get_labels, get_weights
from modelling.engine.training.data import Preparation, RawImages, prepare, read_raw_images
from modelling.engine.training.folds import split_into_folds, split_off_share
from modelling.engine.training.loop import FoldData, FoldTraining, answer_all, find_film
from modelling.engine.training.progress import Point
from modelling.engine.training.results import hash_of_code
from modelling.engine.training.snapshot import Snapshot
from modelling.engine.training.table import choose_columns
from modelling.engine.training.trained import FoldModel, Predictor, Trained, Work
from portal.proof import jcs

BOTH = 2
"""A question is learned from people with both answers."""

CHECKPOINT_SECONDS = 10.0
"""At most so much work is lost when the process is killed."""


def train(work: Work) -> Trained | None:
    """Train every fold; None if asked to stop, with a checkpoint left."""
    return _Training(work).run()


def load(model: Mapping[str, Any], weights: list[bytes]) -> Predictor:
    """Return the ensemble of a model folder."""
    device = choose_device(str(model["config"]["device"]))
    be_deterministic(device, int(model["config"]["threads"]))
    preparations = [Preparation.of(fold["preprocess"]["inputs"]) for fold in model["folds"]]
    nets = []
    for fold, content in zip(model["folds"], weights, strict=True):
        net = make("fusion", **fold["preprocess"]["shape"])
        net.load_state_dict(safetensors.load(content))
        nets.append(net.to(device))
    size = int(model["config"]["image_px"])

    def predict(snapshot: Snapshot, inputs: str) -> NDArray[np.float64]:
        found = []
        for net, preparation in zip(nets, preparations, strict=True):
            channels = {name: scale.channels for name, scale in preparation.images.items()}
            raw = read_raw_images(snapshot, list(channels), size, channels)
            people = preparation.apply(snapshot, raw, device)
            found.append(answer_all(net, people, find_film(preparation))[inputs])
        return np.stack(found)

    return predict


def choose_device(wanted: str) -> torch.device:
    """Return where to compute. Raises ValueError where a GPU is wanted and there is none."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ValueError("device is 'cuda', but there is no GPU here")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def be_deterministic(device: torch.device, threads: int) -> None:
    """Make torch give the same bits each time: promised on a CPU, tried on a GPU."""
    torch.use_deterministic_algorithms(True, warn_only=device.type == "cuda")
    torch.set_num_threads(threads)


class _Training:
    """One training, from its first epoch or from a checkpoint."""

    def __init__(self, work: Work) -> None:
        config, snapshot = work.config, work.snapshot
        self.work, self.config = work, config
        self.labels = get_labels(snapshot)
        get_weights(snapshot, config.use_weights)
        self.device = choose_device(config.device)
        be_deterministic(self.device, config.threads)
        self.columns = choose_columns(snapshot, config.columns)
        wanted = IMAGE_MODALITIES if config.modalities is None else config.modalities
        self.modalities = tuple(name for name in IMAGE_MODALITIES if name in wanted and snapshot.images.get(name))
        self.raw: RawImages = read_raw_images(snapshot, self.modalities, config.image_px)
        self.fold_of = split_into_folds(self.labels, config.folds, config.seed)
        bound: dict[str, jcs.Json] = {"config": config.as_json(), "of": snapshot.sha256, "code": hash_of_code()}
        self.fingerprint = hashlib.sha256(jcs.dumps(bound)).hexdigest()
        self.done: list[FoldModel] = []
        self.oof: dict[str, NDArray[np.float64]] = {}
        self.points: list[Point] = []
        self.kept_at = time.monotonic()

    def run(self) -> Trained | None:
        resumed = checkpoint.read_newest(self.work.folder / "checkpoints", self.fingerprint)
        facts, tensors = resumed if resumed else ({}, {})
        self._take_back(facts, tensors)
        self.work.progress.begin(self.points)
        for number in range(len(self.done), self.config.folds):
            fold = FoldTraining.begin(self._make_fold(number), self.config, self.device)
            if facts.get("fold") == number and facts["epoch"]:
                fold.load(facts["epoch"], facts["best_epoch"], facts["best_loss"], tensors)
            if not self._run_fold(fold):
                return None
        return Trained(
            tuple(self.done),
            self.fold_of,
            self._list_answers(),
            {"kind": "fusion", "device": self.device.type},
            self.modalities,
            tuple(column.name for column in self.columns),
        )

    def _list_answers(self) -> dict[str, NDArray[np.float64]]:
        """Return out-of-fold predictions by the inputs that every fold answers from and both labels are seen from.

        With few radiographs a fold may have learned from none, and could not answer from the radiograph alone.
        """
        film = self.oof.get(FILM_ONLY, np.full(self.work.snapshot.n, np.nan))
        in_all = all("film" in one.preprocess["inputs"]["images"] for one in self.done)
        if in_all and len(np.unique(self.labels[np.isfinite(film)])) == BOTH:
            return self.oof
        return {inputs: p for inputs, p in self.oof.items() if inputs != FILM_ONLY}

    def _make_fold(self, number: int) -> FoldData:
        config, snapshot = self.config, self.work.snapshot
        rows, held = np.flatnonzero(self.fold_of != number), np.flatnonzero(self.fold_of == number)
        inner: NDArray[np.int64] = np.empty(0, np.int64)
        if config.inner_share:
            rows, inner = split_off_share(rows, self.labels, config.inner_share, config.seed)
        preparation = prepare(snapshot, self.columns, self.raw, rows, config)
        return FoldData(number, preparation, preparation.apply(snapshot, self.raw, self.device), rows, inner, held)

    def _run_fold(self, fold: FoldTraining) -> bool:
        """Train one fold to its end and keep what it gave; False if asked to stop on the way."""
        number, config = fold.data.number, self.config
        while not fold.is_done:
            if self.work.stop.asked:
                self._keep(fold, "stopped when asked")
                return False
            point = fold.run_epoch()
            if why_untaught(config.task, int(self.labels.sum())):
                point = replace(point, auc=None, auc_film=None)
            self.points.append(point)
            self.work.progress.add(point, self._count_steps(fold), say_point(point, config.folds, config.epochs))
            if time.monotonic() - self.kept_at >= CHECKPOINT_SECONDS:
                self._keep(fold, "kept a checkpoint")
        fold.finish()
        for inputs, p in fold.answer_held().items():
            self.oof.setdefault(inputs, np.full(self.work.snapshot.n, np.nan))[fold.data.held] = p
        preparation = fold.data.preparation
        preprocess = {"inputs": preparation.as_json(), "shape": preparation.make_shape(config).as_json()}
        self.done.append(FoldModel(checkpoint.save_weights(fold.average), preprocess))
        if len(self.done) < config.folds:
            self._keep(None, f"fold {number + 1} of {config.folds} done")
        return True

    def _count_steps(self, fold: FoldTraining | None) -> int:
        """Count epochs; a fold that stopped early counts whole."""
        return len(self.done) * self.config.epochs + (fold.epoch if fold else 0)

    def _keep(self, fold: FoldTraining | None, message: str) -> None:
        step = self._count_steps(fold)
        tensors: dict[str, Tensor] = fold.save() if fold else {}
        for number, one in enumerate(self.done):
            tensors |= checkpoint.pack(f"done-{number}", safetensors.load(one.weights))
        for inputs, p in self.oof.items():
            tensors[f"oof/{inputs}"] = torch.from_numpy(p.copy())
        facts = {
            "fingerprint": self.fingerprint,
            "fold": len(self.done),
            "epoch": fold.epoch if fold else 0,
            "best_epoch": fold.best_epoch if fold else 0,
            "best_loss": fold.best_loss if fold and fold.best else None,
            "inputs": list(self.oof),
            "preprocess": [dict(one.preprocess) for one in self.done],
            "points": [asdict(point) for point in self.points],
        }
        kept = checkpoint.write(self.work.folder / "checkpoints", step, facts, tensors)
        self.kept_at = time.monotonic()
        self.work.progress.say(step, message, kept)

    def _take_back(self, facts: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        if not facts:
            return
        sys.stderr.write(f"going on after {len(facts['points'])} epochs\n")
        self.points = [Point(**point) for point in facts["points"]]
        for number, preprocess in enumerate(facts["preprocess"]):
            weights = checkpoint.unpack(f"done-{number}", tensors)
            self.done.append(FoldModel(safetensors.save(weights), preprocess))
        self.oof = {inputs: tensors[f"oof/{inputs}"].numpy().copy() for inputs in facts["inputs"]}


def say_point(point: Point, folds: int, epochs: int) -> str:
    """Return one line for the progress of a run."""
    auc = "AUC not estimable" if point.auc is None else f"AUC {point.auc:.2f}"
    film = "" if point.auc_film is None else f", {FILM_ONLY} alone {point.auc_film:.2f}"
    return f"fold {point.fold + 1} of {folds}, epoch {point.epoch} of {epochs}: loss {point.loss:.3f}, {auc}{film}"
