"""What every recipe gives back, whatever it is made of: the models of its folds and their out-of-fold predictions.

Pure: numpy, no torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modelling.engine.training.config import Config
from modelling.engine.training.progress import Progress
from modelling.engine.training.snapshot import Snapshot


class NotFinite(ArithmeticError):
    """A number of the training became NaN or infinite; the text says where and what to do."""


@dataclass(frozen=True)
class FoldModel:
    """The model that did not see one fold. weights: safetensors bytes; preprocess: what was learned of its inputs."""

    weights: bytes
    preprocess: Mapping[str, Any]


@dataclass(frozen=True)
class Trained:
    """A trained ensemble.

    fold_of: (n,) which fold held each person out.
    oof: by inputs ("all", "film" or "table"), (n,) probabilities of people by the model that had not seen them; NaN
        for people who lack that input.
    net: what is needed to build the model again before its weights are loaded.
    inputs: what it looks at, in words of the snapshot: image modalities and column names.
    """

    folds: tuple[FoldModel, ...]
    fold_of: NDArray[np.int64]
    oof: Mapping[str, NDArray[np.float64]]
    net: Mapping[str, Any]
    modalities: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass
class Stop:
    """Set once somebody asked the process to stop (SIGTERM); looked at between epochs."""

    asked: bool = False


@dataclass(frozen=True)
class Work:
    """Where and how a training is done."""

    folder: Path
    config: Config
    snapshot: Snapshot
    progress: Progress
    stop: Stop


class Learner(Protocol):
    """A module that trains one kind of model and predicts with it."""

    def train(self, work: Work) -> Trained | None:
        """Train every fold; None if stopped, with a checkpoint left."""

    def load(self, model: Mapping[str, Any], weights: list[bytes]) -> "Predictor":
        """Return the trained ensemble of a model folder."""


Predictor = Callable[[Snapshot, str], NDArray[np.float64]]
"""(snapshot, inputs) -> (folds, n) probabilities; NaN for people who lack that input."""
