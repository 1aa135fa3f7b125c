"""The configuration of a run, typed. Defaults and checks stand in `modelling.engine.recipes`. Pure, without torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modelling.engine import recipes
from portal.proof import jcs


@dataclass(frozen=True)
class Config:
    """What a run was asked to do, with every default written out. Fields a recipe does not use keep their zero."""

    task: str
    recipe: str
    profile: str
    modalities: tuple[str, ...] | None
    columns: tuple[str, ...] | None
    folds: int
    seed: int
    threads: int
    threshold_rule: str
    use_weights: bool
    confidence: float
    # ridge logistic regression
    ridge: float | None = None
    newton_steps: int = 0
    # network
    batch: int = 0
    heads: int = 0
    blocks: int = 0
    dropout: float = 0.0
    modality_dropout: float = 0.0
    film_only_share: float = 0.0
    auxiliary: tuple[str, ...] | None = None
    auxiliary_weight: float = 0.0
    augment: bool = False
    device: str = "cpu"
    image_px: int = 0
    encoder: str = ""
    width: int = 0
    dim: int = 0
    epochs: int = 0
    learning_rate: float = 0.0
    weight_decay: float = 0.0
    ema: float = 0.0
    inner_share: float = 0.0
    patience: int = 0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Config":
        """Return the configuration, its defaults filled in. Raises ValueError saying what is wrong with it."""
        filled = recipes.fill(values)
        for name in ("modalities", "columns", "auxiliary"):
            if filled.get(name) is not None:
                filled[name] = tuple(filled[name])
        return cls(**filled)

    @property
    def is_net(self) -> bool:
        """True if the recipe trains a network."""
        return recipes.RECIPES[self.recipe].is_net

    def as_json(self) -> dict[str, Any]:
        """Return the settings this recipe uses, as `of` takes them."""
        used = recipes.fill({"task": self.task, "recipe": self.recipe, "profile": self.profile})
        found = {name: value for name, value in asdict(self).items() if name in used}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def read_config(path: Path) -> Config:
    """Return the configuration in a JSON file. Raises ValueError where it is no configuration, OSError."""
    values = jcs.loads(path.read_bytes())
    if not isinstance(values, dict):
        raise ValueError(f"{path.name} holds no JSON object")
    return Config.of(values)
