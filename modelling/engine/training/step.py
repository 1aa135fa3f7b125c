"""One step of training: what is shown, the loss, and the network's answers."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modelling.engine.training.augment import augment
from modelling.engine.training.config import Config
from modelling.engine.training.data import People
from modelling.engine.training.subsets import draw_subsets
from modelling.engine.training.trained import NotFinite

WARM_UP = 0.05
LONGEST_GRADIENT = 1.0


def combine_losses(
    logit: Tensor,
    measured: Tensor,
    labels: Tensor,
    weights: Tensor,
    truth: Tensor,
    counted: Tensor,
    auxiliary_weight: float,
) -> Tensor:
    """Return the loss: weighted cross-entropy of the task plus Huber's loss of hidden measurements.

    logit, labels, weights: (batch,). measured, truth: (batch, measurements) z-scores; counted: the same shape, bool,
    where the true value is known and its input was hidden, so that it cannot be copied.
        sum_i w_i bce_i / sum_i w_i  +  auxiliary_weight * mean of huber over counted (0 if none is)
    Huber with delta 1 (Ann Math Stat 35:73, 1964).
    """
    each = F.binary_cross_entropy_with_logits(logit, labels, reduction="none")
    task = (weights * each).sum() / weights.sum().clamp_min(1e-12)
    if not truth.shape[1]:
        return task
    huber = torch.where(counted, F.huber_loss(measured, truth, reduction="none"), 0.0)
    return task + auxiliary_weight * huber.sum() / counted.sum().clamp_min(1)


def train_batch(
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    batch: People,
    config: Config,
    sources: list[int],
    film: int | None,
) -> float:
    """Take one step and return its loss.

    sources: by measurement, the input that tells it; film: the radiograph's position among the inputs, or None.
    Raises NotFinite where the loss is.
    """
    shown = draw_subsets(batch.has, film, config.modality_dropout, config.film_only_share)
    images = {name: augment(image) if config.augment else image for name, image in batch.images.items()}
    net.train()
    with autocast(batch.has.device):
        logit, measured = net(images, batch.groups, shown)
    counted = batch.auxiliary_known & ~shown[:, sources]
    loss = combine_losses(
        logit.float(),
        measured.float(),
        batch.labels,
        batch.weights if config.use_weights else torch.ones_like(batch.weights),
        batch.auxiliary,
        counted,
        config.auxiliary_weight,
    )
    value = float(loss.detach())
    if not math.isfinite(value):
        raise NotFinite(f"The loss became {value}. Start it again with a smaller learning rate.")
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(net.parameters(), LONGEST_GRADIENT)
    optimiser.step()
    return value


def answer(net: nn.Module, people: People, shown: Tensor, size: int = 64) -> Tensor:
    """Return the logit of each person from the inputs shown, (n,) float32 on the CPU. The network is left as it was."""
    was_training = net.training
    net.eval()
    found = []
    with torch.no_grad(), autocast(shown.device):
        for start in range(0, people.n, size):
            rows = torch.arange(start, min(start + size, people.n), device=shown.device)
            batch = people.take(rows)
            found.append(net(batch.images, batch.groups, shown[rows])[0].float().cpu())
    net.train(was_training)
    return torch.cat(found) if found else torch.zeros(0)


def rate_at(step: int, steps: int, highest: float) -> float:
    """Return the learning rate of a step: a short rise, then half a cosine down to nothing.

    Loshchilov and Hutter, SGDR, ICLR 2017, without restarts.
    """
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return highest * (step + 1) / rise
    return 0.5 * highest * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def autocast(device: torch.device) -> torch.autocast:
    """Return half precision on a GPU and none on a CPU, where the same bits are promised."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")
