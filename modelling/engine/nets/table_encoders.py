"""From the numbers of a table to tokens: one small network for each group of columns. Pure torch."""

from torch import Tensor, nn

from modelling.engine.nets.registry import register


@register("group_mlp")
class GroupEncoder(nn.Module):
    """Two layers over the features of one group, giving one token."""

    def __init__(self, features: int, dim: int, dropout: float) -> None:
        """features: how many numbers the group has; dim: of the token."""
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(features, dim), nn.GELU(), nn.Dropout(dropout), nn.Linear(dim, dim), nn.LayerNorm(dim)
        )

    def forward(self, numbers: Tensor) -> Tensor:
        """Return tokens (batch, 1, dim). numbers: (batch, features) float32, scaled on the training fold."""
        tokens: Tensor = self.layers(numbers)
        return tokens[:, None]
