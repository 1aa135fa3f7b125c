"""The recipes a model can be trained by, their two profiles, and the check of a run's configuration.

Pure and without torch: the pages that launch a run read their words and defaults here.
A configuration is a JSON object; `fill` adds the defaults of its recipe and profile and refuses what cannot work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

IMAGE_MODALITIES: Final = ("film", "dxa", "pqct")
"""Image modalities of a snapshot folder, in the order in which a net sees them."""

ALL_INPUTS, FILM_ONLY, TABLE_ONLY = "all", "film", "table"
WORDS_OF_INPUTS: Final = MappingProxyType(
    {
        ALL_INPUTS: "everything the model knows of the person",
        FILM_ONLY: "the radiograph alone",
        TABLE_ONLY: "the clinical table",
    }
)
"""From what a prediction is made."""

THRESHOLD_RULES: Final = {
    "youden": "largest sensitivity + specificity - 1 among out-of-fold predictions",
    "sensitivity_0.9": "highest threshold whose out-of-fold sensitivity is at least 0.90",
}


@dataclass(frozen=True)
class Recipe:
    """A way to make a model; `title` and `summary` are shown to people."""

    name: str
    title: str
    summary: str
    is_net: bool


@dataclass(frozen=True)
class Profile:
    """How large a recipe is run; the code path is the same."""

    name: str
    title: str
    summary: str


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        "fusion": Recipe(
            "fusion",
            "Fusion of images and history",
            "One network reads the radiograph, DXA and pQCT images and the table; any of them may be missing. "
            "While it learns, parts are hidden at random, so it also answers from the radiograph alone.",
            is_net=True,
        ),
        "clinical": Recipe(
            "clinical",
            "Clinical baseline",
            "Ridge logistic regression on the table alone, no image. Every network has to be compared with it.",
            is_net=False,
        ),
    }
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "small": Profile("small", "Small", "Images of 96 pixels, narrow network, few epochs: minutes on two cores."),
        "published": Profile("published", "Published", "Images of 224 pixels, full network, many epochs: for a GPU."),
    }
)

_COMMON: Final[Mapping[str, Any]] = MappingProxyType(
    {"folds": 3, "seed": 1, "threads": 1, "threshold_rule": "youden", "use_weights": False, "confidence": 0.9}
)

_CLINICAL: Final[Mapping[str, Any]] = MappingProxyType({"ridge": None, "newton_steps": 50})

_FUSION: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "batch": 16,
        "heads": 4,
        "blocks": 2,
        "dropout": 0.1,
        "modality_dropout": 0.3,
        "film_only_share": 0.25,
        "auxiliary": None,
        "auxiliary_weight": 0.1,
        "augment": True,
        "device": "auto",
    }
)

_SIZES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "small": {
            "image_px": 96,
            "encoder": "resnet10",
            "width": 16,
            "dim": 64,
            "epochs": 30,
            "learning_rate": 1e-3,
            "weight_decay": 0.05,
            "ema": 0.9,
            "inner_share": 0.0,
            "patience": 0,
        },
        "published": {
            "image_px": 224,
            "encoder": "resnet18",
            "width": 64,
            "dim": 128,
            "epochs": 200,
            "learning_rate": 3e-4,
            "weight_decay": 0.05,
            "ema": 0.99,
            "inner_share": 0.15,
            "patience": 30,
        },
    }
)

_RANGES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "folds": (2, 20),
        "seed": (0, 2**31 - 1),
        "threads": (1, 64),
        "confidence": (0.5, 0.99),
        "ridge": (0.0, 1e6),
        "newton_steps": (1, 500),
        "batch": (1, 512),
        "heads": (1, 16),
        "blocks": (1, 12),
        "dropout": (0.0, 0.9),
        "modality_dropout": (0.0, 0.9),
        "film_only_share": (0.0, 1.0),
        "auxiliary_weight": (0.0, 10.0),
        "image_px": (32, 512),
        "width": (4, 128),
        "dim": (8, 512),
        "epochs": (1, 2000),
        "learning_rate": (1e-7, 1.0),
        "weight_decay": (0.0, 1.0),
        "ema": (0.0, 0.9999),
        "inner_share": (0.0, 0.5),
        "patience": (0, 2000),
    }
)

_WHOLE: Final = frozenset({"folds", "seed", "threads", "newton_steps", "batch", "heads", "blocks"}) | frozenset(
    {"image_px", "width", "dim", "epochs", "patience"}
)

_CHOICES: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "recipe": tuple(RECIPES),
        "profile": tuple(PROFILES),
        "threshold_rule": tuple(THRESHOLD_RULES),
        "device": ("auto", "cpu", "cuda"),
        "encoder": ("resnet10", "resnet18"),
    }
)

_FREE: Final = frozenset({"task", "recipe", "profile", "modalities", "columns"})


def defaults_of(recipe: str, profile: str) -> dict[str, Any]:
    """Return the settings a recipe and profile bring along. Raises ValueError for a name that does not exist."""
    _check_choice("recipe", recipe)
    _check_choice("profile", profile)
    if not RECIPES[recipe].is_net:
        return {**_COMMON, **_CLINICAL}
    return {**_COMMON, **_FUSION, **_SIZES[profile]}


def fill(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a whole configuration: what was asked for over the defaults of its recipe and profile.

    values: at least `task` and `recipe`. `modalities` and `columns` of None mean all that the snapshot holds.
    Raises ValueError naming the setting, what was found and what is wanted.
    """
    recipe, profile = values.get("recipe"), values.get("profile", "small")
    allowed = defaults_of(_word("recipe", recipe), _word("profile", profile))
    if unknown := sorted(set(values) - set(allowed) - _FREE):
        raise ValueError(f"the setting '{unknown[0]}' is not known to the recipe '{recipe}'")
    config = {"modalities": None, "columns": None} | allowed | dict(values) | {"profile": profile}
    _word("task", config.get("task"))
    for name, value in config.items():
        _check_setting(name, value)
    if not RECIPES[str(recipe)].is_net:
        config["modalities"] = []
    elif config["dim"] % config["heads"]:
        raise ValueError(f"dim is {config['dim']}; wanted a multiple of heads ({config['heads']})")
    return config


def _check_setting(name: str, value: Any) -> None:
    if name in _CHOICES:
        _check_choice(name, _word(name, value))
    elif name in {"modalities", "columns", "auxiliary"}:
        _check_names(name, value)
    elif name in {"use_weights", "augment"}:
        if not isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}; wanted true or false")
    elif name in _RANGES and not (name == "ridge" and value is None):
        _check_number(name, value)


def _check_number(name: str, value: Any) -> None:
    low, high = _RANGES[name]
    kinds = (int,) if name in _WHOLE else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        what = "a whole number" if name in _WHOLE else "a number"
        raise ValueError(f"{name} is {value!r}; wanted {what} from {low:g} to {high:g}")


def _check_names(name: str, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{name} is {value!r}; wanted a list of names")
    if len(set(value)) != len(value):
        raise ValueError(f"{name} names something twice")
    if name == "modalities" and (unknown := sorted(set(value) - set(IMAGE_MODALITIES))):
        raise ValueError(f"modalities names '{unknown[0]}'; there are {', '.join(IMAGE_MODALITIES)}")


def _check_choice(name: str, value: str) -> None:
    if value not in _CHOICES[name]:
        raise ValueError(f"{name} is '{value}'; wanted one of {', '.join(_CHOICES[name])}")


def _word(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is {value!r}; wanted a name")
    return value
