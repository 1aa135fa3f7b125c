"""One network for all subsets of inputs: tokens of whatever there is, fused by a transformer that looks at no other.

An input that is absent gives one learned token that says so; its own tokens are zeroed and masked, so nothing of
what lies in its tensor can reach the output. MONAI's attention blocks take no such mask (CrossAttentionBlock) or drop
out while predicting (its flash path), so the block is our own.

Pre-norm blocks: Xiong et al., On Layer Normalization in the Transformer Architecture (ICML 2020).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modelling.engine.nets import image_encoders, table_encoders
from modelling.engine.nets.registry import make, register

ENCODERS = (image_encoders, table_encoders)
"""Imported for what they enter in the registry."""


@dataclass(frozen=True)
class Shape:
    """What a fusion network is made for.

    images: channels by modality; groups: features by group of columns; auxiliary: measurements it also predicts.
    """

    images: Mapping[str, int]
    groups: Mapping[str, int]
    auxiliary: int
    encoder: str
    width: int
    dim: int
    heads: int
    blocks: int
    dropout: float

    def as_json(self) -> dict[str, Any]:
        """Return the shape as `Shape(**values)` takes it."""
        return asdict(self)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every input, images first; the order of the columns of `has`."""
        return (*self.images, *(name_group(group) for group in self.groups))


def name_group(group: str) -> str:
    """Return the input's name of a group of columns, which may be called like an image modality."""
    return f"table:{group}"


class Block(nn.Module):
    """A pre-norm transformer block that looks only at tokens it is shown."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm_in, self.norm_out = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.to_qkv, self.to_out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.feed = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * dim, dim))

    def forward(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Return tokens of the same shape. tokens: (batch, length, dim); seen: (batch, length) bool."""
        n, length, dim = tokens.shape
        parts = self.to_qkv(self.norm_in(tokens)).view(n, length, 3, self.heads, dim // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        looked = F.scaled_dot_product_attention(query, key, value, attn_mask=seen[:, None, None, :], dropout_p=dropout)
        tokens = tokens + self.to_out(looked.transpose(1, 2).reshape(n, length, dim))
        fed: Tensor = tokens + self.feed(self.norm_out(tokens))
        return fed


@register("fusion")
class Fusion(nn.Module):
    """Encoders, missing tokens, blocks and heads."""

    def __init__(self, **values: Any) -> None:
        """values: those of `Shape`."""
        super().__init__()
        self.shape = shape = Shape(**values)
        size = {"width": shape.width, "dim": shape.dim}
        self.images = nn.ModuleDict({name: make(shape.encoder, channels=n, **size) for name, n in shape.images.items()})
        self.groups = nn.ModuleDict(
            {
                _safe(group): make("group_mlp", features=n, dim=shape.dim, dropout=shape.dropout)
                for group, n in shape.groups.items()
            }
        )
        n_inputs = len(shape.inputs)
        self.first = nn.Parameter(torch.randn(1, 1, shape.dim) * 0.02)
        self.missing = nn.Parameter(torch.randn(n_inputs, shape.dim) * 0.02)
        self.kind = nn.Parameter(torch.randn(n_inputs, shape.dim) * 0.02)
        self.blocks = nn.ModuleList(Block(shape.dim, shape.heads, shape.dropout) for _ in range(shape.blocks))
        self.norm = nn.LayerNorm(shape.dim)
        self.task = nn.Linear(shape.dim, 1)
        self.auxiliary = nn.Linear(shape.dim, shape.auxiliary) if shape.auxiliary else None

    def forward(self, images: Mapping[str, Tensor], groups: Mapping[str, Tensor], has: Tensor) -> tuple[Tensor, Tensor]:
        """Return one logit a person (batch,), and predicted measurements (batch, auxiliary).

        images: by modality, (batch, channels, y, x) float32, standardised.
        groups: by group of columns, (batch, features) float32, standardised.
        has: (batch, inputs) bool in the order of `shape.inputs`; where false the input is not looked at.
        """
        pieces = [self.first.expand(len(has), -1, -1)]
        seen = [torch.ones_like(has[:, :1])]
        for place, name in enumerate(self.shape.inputs):
            there = has[:, place]
            tokens = self._encode(name, images, groups, there)
            pieces += [tokens + self.kind[place], self._say_missing(place, len(has))]
            seen += [there[:, None].expand(-1, tokens.shape[1]), ~there[:, None]]
        tokens, mask = torch.cat(pieces, dim=1), torch.cat(seen, dim=1)
        for block in self.blocks:
            tokens = block(tokens, mask)
        found = self.norm(tokens[:, 0])
        auxiliary = self.auxiliary(found) if self.auxiliary is not None else found[:, :0]
        return self.task(found)[:, 0], auxiliary

    def _encode(self, name: str, images: Mapping[str, Tensor], groups: Mapping[str, Tensor], there: Tensor) -> Tensor:
        """Return tokens of one input; zero before and after the encoder where it is absent, so not even NaN passes."""
        if name in self.shape.images:
            values, encoder = images[name], self.images[name]
        else:
            group = name.removeprefix("table:")
            values, encoder = groups[group], self.groups[_safe(group)]
        shown = torch.where(_spread(there, values), values, 0.0)
        tokens: Tensor = encoder(shown)
        return torch.where(_spread(there, tokens), tokens, 0.0)

    def _say_missing(self, place: int, n: int) -> Tensor:
        return (self.missing[place] + self.kind[place]).expand(n, 1, -1)


def _spread(there: Tensor, values: Tensor) -> Tensor:
    return there.view(-1, *[1] * (values.dim() - 1))


def _safe(group: str) -> str:
    """Return a group's name as torch takes it for a part: it allows no dot."""
    return "group_" + group.replace(".", "_")
