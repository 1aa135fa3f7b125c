"""Small random changes of images in a training step: turned, shifted, noisier. Never brighter or larger.

Brightness and size are measurements here, so they are left alone; sides were made alike before (left turned to right).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

TURN_DEGREES = 6.0
SHIFT_SHARE = 0.04
NOISE = 0.03
"""In standard deviations of the modality's pixels."""


def augment(image: Tensor) -> Tensor:
    """Return changed images of the same shape. image: (batch, channels, y, x) float32, standardised."""
    n = len(image)
    angle = (torch.rand(n) * 2 - 1) * (TURN_DEGREES * torch.pi / 180)
    shift = (torch.rand(n, 2) * 2 - 1) * (2 * SHIFT_SHARE)
    turn = torch.stack([torch.cos(angle), -torch.sin(angle), torch.sin(angle), torch.cos(angle)], dim=1).view(n, 2, 2)
    affine = torch.cat([turn, shift[:, :, None]], dim=2).to(image.device)
    grid = F.affine_grid(affine, list(image.shape), align_corners=False)
    moved = F.grid_sample(image, grid, padding_mode="border", align_corners=False)
    return moved + NOISE * torch.randn(moved.shape).to(image.device)
