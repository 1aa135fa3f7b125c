"""Nets by name: a model folder names the net it was made with, and it is made again from that name. Pure."""

from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

_made_by: dict[str, Callable[..., nn.Module]] = {}

Maker = TypeVar("Maker", bound=Callable[..., nn.Module])


def register(name: str) -> Callable[[Maker], Maker]:
    """Enter a net under a name. Raises ValueError where the name is taken."""

    def enter(maker: Maker) -> Maker:
        if name in _made_by:
            raise ValueError(f"a net of the name '{name}' is registered already")
        _made_by[name] = maker
        return maker

    return enter


def make(name: str, **settings: Any) -> nn.Module:
    """Make a net. Raises ValueError for a name nobody registered."""
    if name not in _made_by:
        raise ValueError(f"there is no net '{name}'; there are {', '.join(sorted(_made_by)) or 'none'}")
    return _made_by[name](**settings)


def list_nets() -> list[str]:
    """Return every name, sorted."""
    return sorted(_made_by)
