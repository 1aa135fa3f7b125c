"""Epoch after epoch of one fold: steps, averaged weights, when to stop.

The held-out fold is scored each epoch for the curve, and decides nothing: neither when to stop nor which weights are
kept, or its score would be too good. Where a run stops early, it asks people set aside among those who train.
"""

import copy
import math
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from modelling.engine.nets.registry import make
from modelling.engine.recipes import ALL_INPUTS, FILM_ONLY
from modelling.engine.training import checkpoint
from modelling.engine.training.config import Config
from modelling.engine.training.data import People, Preparation
from modelling.engine.training.measure import measure_auc
from modelling.engine.training.progress import Point
from modelling.engine.training.step import answer, rate_at, train_batch
from modelling.engine.training.subsets import keep_only

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class FoldData:
    """Who trains, who decides when to stop, and who is held out; positions into `people`."""

    number: int
    preparation: Preparation
    people: People
    rows: NDArray[np.int64]
    inner: NDArray[np.int64]
    held: NDArray[np.int64]

    @property
    def film(self) -> int | None:
        """Position of the radiograph among the inputs."""
        return find_film(self.preparation)


@dataclass
class FoldTraining:
    """The changing state of one fold."""

    data: FoldData
    config: Config
    net: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    epoch: int = 0
    best_loss: float = math.inf
    best_epoch: int = 0
    best: Tensors = field(default_factory=dict)

    @classmethod
    def begin(cls, data: FoldData, config: Config, device: torch.device) -> "FoldTraining":
        """Make the network of a fold, the same for the same seed."""
        torch.manual_seed(config.seed * 1009 + data.number)
        net = make("fusion", **data.preparation.make_shape(config).as_json()).to(device)
        _start_at_prevalence(net, data.people.labels[torch.from_numpy(data.rows).to(device)])
        optimiser = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        return cls(data, config, net, copy.deepcopy(net), optimiser)

    @property
    def is_done(self) -> bool:
        """True when the last epoch is done, or those set aside have not got better for long enough."""
        patience = self.config.patience
        is_patient = not patience or not self.data.inner.size or self.epoch - self.best_epoch < patience
        return self.epoch >= self.config.epochs or not is_patient

    def run_epoch(self) -> Point:
        """Train one epoch and return its point of the curves."""
        config, people = self.config, self.data.people
        rows = torch.from_numpy(self.data.rows)
        batches = torch.split(rows[torch.randperm(len(rows))], config.batch)
        steps, losses = config.epochs * len(batches), []
        sources = self.data.preparation.find_sources()
        for number, chosen in enumerate(batches):
            for group in self.optimiser.param_groups:
                group["lr"] = rate_at(self.epoch * len(batches) + number, steps, config.learning_rate)
            batch = people.take(chosen.to(people.has.device))
            loss = train_batch(self.net, self.optimiser, batch, config, sources, self.data.film)
            losses.append(loss * len(chosen))
            self._average_weights()
        self.epoch += 1
        return self._make_point(math.fsum(losses) / len(rows))

    def finish(self) -> None:
        """Take the weights that those set aside liked best, if there are any."""
        if self.best:
            self.average.load_state_dict(self.best)

    def answer_held(self) -> dict[str, NDArray[np.float64]]:
        """Return by inputs the probabilities of the held-out people, NaN where they lack the inputs."""
        held = self.data.people.take(torch.from_numpy(self.data.held).to(self.data.people.has.device))
        return answer_all(self.average, held, self.data.film)

    def save(self) -> Tensors:
        """Return every tensor that going on needs."""
        return {
            **checkpoint.pack("net", self.net.state_dict()),
            **checkpoint.pack("average", self.average.state_dict()),
            **checkpoint.pack("optimiser", checkpoint.save_optimiser(self.optimiser)),
            **checkpoint.pack("best", self.best),
            **checkpoint.pack("random", checkpoint.save_random()),
        }

    def load(self, epoch: int, best_epoch: int, best_loss: float | None, tensors: Tensors) -> None:
        """Go on from where `save` was called."""
        self.net.load_state_dict(checkpoint.unpack("net", tensors))
        self.average.load_state_dict(checkpoint.unpack("average", tensors))
        checkpoint.load_optimiser(self.optimiser, checkpoint.unpack("optimiser", tensors))
        self.best = checkpoint.unpack("best", tensors)
        self.epoch, self.best_epoch = epoch, best_epoch
        self.best_loss = math.inf if best_loss is None else best_loss
        checkpoint.load_random(checkpoint.unpack("random", tensors))

    def _average_weights(self) -> None:
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.net.parameters(), strict=True):
                slow.lerp_(fast, 1 - self.config.ema)

    def _make_point(self, loss: float) -> Point:
        found = self.answer_held()
        labels = self.data.people.labels.cpu().numpy().astype(np.int64)[self.data.held]
        return Point(
            fold=self.data.number,
            epoch=self.epoch,
            loss=loss,
            auc=_auc_of_known(labels, found[ALL_INPUTS]),
            auc_film=_auc_of_known(labels, found[FILM_ONLY]) if FILM_ONLY in found else None,
            inner_loss=self._ask_inner() if self.data.inner.size else None,
        )

    def _ask_inner(self) -> float:
        device = self.data.people.has.device
        inner = self.data.people.take(torch.from_numpy(self.data.inner).to(device))
        logit = answer(self.average, inner, inner.has)
        loss = float(F.binary_cross_entropy_with_logits(logit, inner.labels.cpu()))
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, self.epoch
            self.best = {name: one.clone() for name, one in self.average.state_dict().items()}
        return loss


def answer_all(net: nn.Module, people: People, film: int | None) -> dict[str, NDArray[np.float64]]:
    """Return probabilities (n,) by inputs: from all there is, and from the radiograph alone if the net knows it."""
    found = {ALL_INPUTS: _answer(net, people, people.has)}
    if film is not None:
        found[FILM_ONLY] = _answer(net, people, keep_only(people.has, film))
    return found


def find_film(preparation: Preparation) -> int | None:
    """Return the position of the radiograph among the inputs, None where the net has not seen any."""
    names = list(preparation.images)
    return names.index("film") if "film" in names else None


def _answer(net: nn.Module, people: People, shown: Tensor) -> NDArray[np.float64]:
    p = torch.sigmoid(answer(net, people, shown).double()).numpy()
    return np.where(shown.any(dim=1).cpu().numpy(), p, np.nan)


def _auc_of_known(labels: NDArray[np.int64], p: NDArray[np.float64]) -> float | None:
    known = np.isfinite(p)
    return measure_auc(labels[known], p[known])


def _start_at_prevalence(net: nn.Module, labels: Tensor) -> None:
    """Let the first answer be how common the outcome is, so that no step is spent on learning that."""
    # Half a person added to each side: a fold may hold one outcome alone, whose odds are infinite.
    share = (float(labels.sum()) + 0.5) / (len(labels) + 1)
    with torch.no_grad():
        net.get_parameter("task.bias").fill_(math.log(share / (1 - share)))
