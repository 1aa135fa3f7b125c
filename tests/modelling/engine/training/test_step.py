"""One training step: the loss by hand, what is hidden from whom, the learning rate."""

import math

import pytest
import torch

from modelling.engine.training.augment import augment
from modelling.engine.training.step import combine_losses, rate_at
from modelling.engine.training.subsets import draw_subsets, keep_only


def test_the_loss_of_a_batch_by_hand() -> None:
    # Task: logits 0 and log 3 for labels 1 and 0: -log 0.5 and -log 0.25, weights 1 and 3.
    # Huber: errors 0.5 (counted: 0.125), 3 (counted: 3 - 0.5 = 2.5), 100 (not counted); their mean times 0.1.
    loss = combine_losses(
        logit=torch.tensor([0.0, math.log(3)]),
        measured=torch.tensor([[0.5, 3.0], [100.0, 0.0]]),
        labels=torch.tensor([1.0, 0.0]),
        weights=torch.tensor([1.0, 3.0]),
        truth=torch.zeros(2, 2),
        counted=torch.tensor([[True, True], [False, False]]),
        auxiliary_weight=0.1,
    )
    by_hand = (1 * math.log(2) + 3 * math.log(4)) / 4 + 0.1 * (0.125 + 2.5) / 2
    assert float(loss) == pytest.approx(by_hand, abs=1e-6)


def test_without_measurements_the_loss_is_that_of_the_task() -> None:
    nothing = torch.zeros(2, 0)
    loss = combine_losses(
        torch.zeros(2), nothing, torch.tensor([1.0, 0.0]), torch.ones(2), nothing, nothing.bool(), 0.1
    )
    assert float(loss) == pytest.approx(math.log(2), abs=1e-6)


def test_what_is_shown_is_there_and_never_nothing() -> None:
    torch.manual_seed(1)
    has = torch.rand(4000, 4) < 0.6
    shown = draw_subsets(has, film=0, hidden_share=0.3, film_only_share=0.25)
    assert not (shown & ~has).any()
    assert torch.equal(shown.any(dim=1), has.any(dim=1))
    assert (shown != has).any()


def test_the_film_alone_is_shown_at_least_as_often_as_promised() -> None:
    torch.manual_seed(1)
    has = torch.ones(8000, 4, dtype=torch.bool)
    shown = draw_subsets(has, film=0, hidden_share=0.3, film_only_share=0.25)
    alone = shown[:, 0] & (shown.sum(dim=1) == 1)
    # 0.25 drawn on purpose, and 0.75 * 0.7 * 0.3^3 by chance: 0.264; standard error 0.005.
    assert float(alone.float().mean()) == pytest.approx(0.264, abs=0.02)
    assert float(shown[~alone, 2].float().mean()) == pytest.approx(0.7, abs=0.03)


def test_without_a_film_no_film_is_shown() -> None:
    torch.manual_seed(1)
    has = torch.tensor([[False, True]]).expand(100, 2)
    assert torch.equal(draw_subsets(has, film=0, hidden_share=0.9, film_only_share=1.0), has)


def test_only_the_film_is_kept() -> None:
    has = torch.tensor([[True, True, False], [False, True, True]])
    assert keep_only(has, 0).tolist() == [[True, False, False], [False, False, False]]


def test_an_augmented_image_keeps_its_brightness() -> None:
    torch.manual_seed(2)
    image = torch.randn(8, 2, 32, 32) * 0.1 + torch.arange(8.0)[:, None, None, None]
    changed = augment(image)
    assert changed.shape == image.shape
    assert not torch.equal(changed, image)
    assert (changed.mean(dim=(1, 2, 3)) - torch.arange(8.0)).abs().max() < 0.05


def test_the_learning_rate_rises_and_falls_to_nothing() -> None:
    rates = [rate_at(step, 100, 1e-3) for step in range(100)]
    assert rates[0] == pytest.approx(2e-4)
    assert max(rates) == pytest.approx(1e-3)
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] < 1e-6
