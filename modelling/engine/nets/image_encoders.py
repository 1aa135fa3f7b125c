"""From an image to tokens: a residual network of MONAI's, its feature map cut into tokens, and plain statistics.

What we set apart from MONAI 1.6.1's defaults, read in its source (monai/networks/nets/resnet.py):
- `conv1_t_stride=2`: its own default of 1 is another, four times slower network than the one of He et al. (2016).
- Shortcut type B throughout: type A, its default for ResNet-18, passes `out.data`, which cuts the gradient.
- `norm` reaches the first layer only; so batch norms are replaced afterwards by group norms, which work with few
  images at a time and leave each image independent of its neighbours in the batch.

Group norm takes away an image's overall brightness, which for a calibrated image is the measurement itself (the
attenuation, the density). So a token of plain statistics of the image goes beside the feature map.
"""

from functools import partial

import torch
import torch.nn.functional as F
from monai.networks.nets.resnet import ResNet
from torch import Tensor, nn

from modelling.engine.nets.registry import register

GROUP = 8
"""Channels that a group norm takes together (Wu and He, ECCV 2018: 16 to 32 groups of 256 channels)."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
N_STATISTICS = len(QUANTILES) + 2
COARSE = 4

_LAYERS = {"resnet10": (1, 1, 1, 1), "resnet18": (2, 2, 2, 2)}


class ImageEncoder(nn.Module):
    """A residual network over a 2-D image whose channels are slices, giving tokens of one width."""

    def __init__(self, layers: tuple[int, ...], channels: int, width: int, dim: int) -> None:
        """channels: slices of the image; width: of the first layer, doubled at each stage; dim: of a token."""
        super().__init__()
        self.net = ResNet(
            "basic",
            list(layers),
            [width, 2 * width, 4 * width, 8 * width],
            spatial_dims=2,
            n_input_channels=channels,
            conv1_t_stride=2,
            shortcut_type="B",
            feed_forward=False,
        )
        replace_batch_norms(self.net)
        self.to_tokens = nn.Linear(8 * width, dim)
        self.to_statistics = nn.Linear(N_STATISTICS * channels, dim)

    def forward(self, image: Tensor) -> Tensor:
        """Return tokens (batch, tokens, dim): one for the statistics, one for the mean of the map, one a place.

        image: (batch, channels, y, x) float32, standardised on the training fold.
        """
        net = self.net
        grid = net.maxpool(net.act(net.bn1(net.conv1(image))))
        grid = net.layer4(net.layer3(net.layer2(net.layer1(grid))))
        places = grid.flatten(2).transpose(1, 2)
        tokens = self.to_tokens(torch.cat([places.mean(dim=1, keepdim=True), places], dim=1))
        return torch.cat([self.to_statistics(describe(image))[:, None], tokens], dim=1)


def describe(image: Tensor) -> Tensor:
    """Return mean, standard deviation and quantiles of each channel, (batch, channels * N_STATISTICS).

    Of blocks of COARSE x COARSE pixels, whose noise has averaged out. image: (batch, channels, y, x).
    """
    pixels = F.avg_pool2d(image, COARSE).flatten(2)
    levels = torch.tensor(QUANTILES, device=image.device, dtype=image.dtype)
    quantiles = torch.quantile(pixels, levels, dim=2).permute(1, 2, 0)
    moments = torch.stack([pixels.mean(dim=2), pixels.std(dim=2, correction=0)], dim=2)
    return torch.cat([moments, quantiles], dim=2).flatten(1)


def replace_batch_norms(net: nn.Module) -> None:
    """Put a group norm in the place of each batch norm, in place."""
    for name, child in net.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(net, name, nn.GroupNorm(max(1, child.num_features // GROUP), child.num_features))
        else:
            replace_batch_norms(child)


for _name, _layers in _LAYERS.items():
    register(_name)(partial(ImageEncoder, _layers))
