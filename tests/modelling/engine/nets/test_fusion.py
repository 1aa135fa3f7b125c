"""The fusion network: any subset of inputs, blind to what is absent, each person by himself, every weight learns."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from modelling.engine.nets import registry
from modelling.engine.nets.fusion import Fusion

SIZES: dict[str, Any] = {"encoder": "resnet10", "width": 8, "dim": 16, "heads": 2, "blocks": 2, "dropout": 0.1}
SHAPE: dict[str, Any] = {"images": {"film": 1, "pqct": 2}, "groups": {"dem": 3, "dxa": 2}, "auxiliary": 2, **SIZES}
N = 6


def make_net(**changes: Any) -> Fusion:
    torch.manual_seed(3)
    return Fusion(**(SHAPE | changes)).eval()


def make_inputs() -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    torch.manual_seed(4)
    images = {"film": torch.randn(N, 1, 32, 32), "pqct": torch.randn(N, 2, 32, 32)}
    return images, {"dem": torch.randn(N, 3), "dxa": torch.randn(N, 2)}


def change_input(place: int, value: float) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    images, groups = make_inputs()
    name = ["film", "pqct", "dem", "dxa"][place]
    held = images if place < 2 else groups
    held[name] = torch.full_like(held[name], value)
    return images, groups


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("value", [7.0, float("nan"), float("inf")])
def test_what_lies_in_an_absent_input_changes_not_one_bit(place: int, value: float) -> None:
    net = make_net()
    has = torch.ones(N, 4, dtype=torch.bool)
    with torch.no_grad():
        seen = net(*change_input(place, 7.0), has)[0]
        assert not torch.equal(seen, net(*make_inputs(), has)[0]), "the input must matter where it is present"
        has[:, place] = False
        assert torch.equal(net(*change_input(place, value), has)[0], net(*make_inputs(), has)[0])


def test_every_subset_gives_a_finite_answer_of_its_own() -> None:
    net = make_net()
    answers = []
    for subset in itertools.product([True, False], repeat=4):
        with torch.no_grad():
            logit, measured = net(*make_inputs(), torch.tensor(subset).expand(N, 4))
        assert torch.isfinite(logit).all()
        assert torch.isfinite(measured).all()
        answers.append(round(float(logit[0]), 6))
    assert len(set(answers)) == 16


def test_a_person_does_not_depend_on_the_neighbours_in_the_batch() -> None:
    net, (images, groups) = make_net(), make_inputs()
    has = torch.ones(N, 4, dtype=torch.bool)
    with torch.no_grad():
        together = net(images, groups, has)[0]
        alone = net({k: v[2:3] for k, v in images.items()}, {k: v[2:3] for k, v in groups.items()}, has[2:3])[0]
    assert float(alone[0]) == pytest.approx(float(together[2]), abs=1e-5)


def test_every_weight_learns() -> None:
    net = make_net().train()
    has = torch.ones(N, 4, dtype=torch.bool)
    for place in range(4):
        has[place, place] = False  # so that each missing token is seen
    logit, measured = net(*make_inputs(), has)
    (logit.square().sum() + measured.square().sum()).backward()
    still = [name for name, one in net.named_parameters() if one.grad is None or not one.grad.abs().sum()]
    assert still == []


def test_nothing_is_dropped_while_predicting() -> None:
    net, inputs, has = make_net(dropout=0.5), make_inputs(), torch.ones(N, 4, dtype=torch.bool)
    with torch.no_grad():
        assert torch.equal(net(*inputs, has)[0], net(*inputs, has)[0])
        net.train()
        assert not torch.equal(net(*inputs, has)[0], net(*inputs, has)[0])


def test_an_image_that_is_brighter_all_over_is_told_apart() -> None:
    net, (images, groups) = make_net(), make_inputs()
    has = torch.tensor([True, False, False, False]).expand(N, 4)
    with torch.no_grad():
        plain = net(images, groups, has)[0]
        brighter = net({**images, "film": images["film"] + 1}, groups, has)[0]
    assert (plain - brighter).abs().min() > 1e-3


def test_the_same_seed_makes_the_same_network() -> None:
    one, other = make_net().state_dict(), make_net().state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_no_batch_norm_is_left_to_mix_people() -> None:
    assert not [part for part in make_net().modules() if isinstance(part, torch.nn.BatchNorm2d)]


def test_nets_are_known_by_name_and_a_name_is_taken_once() -> None:
    assert registry.list_nets() == ["fusion", "group_mlp", "resnet10", "resnet18"]
    with pytest.raises(ValueError, match="'fusion' is registered already"):
        registry.register("fusion")(Fusion)
    with pytest.raises(ValueError, match="there is no net 'vgg'; there are fusion"):
        registry.make("vgg")
