"""Everybody's inputs as tensors, on the device once; and what was learned of them on the training people alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelling.engine.nets.fusion import Shape, name_group
from modelling.engine.training.config import Config
from modelling.engine.training.fields import FE_NAMES
from modelling.engine.training.images import count_channels, get_unit, load_images
from modelling.engine.training.snapshot import Column, Snapshot
from modelling.engine.training.table import TableScaler, find_observed_groups, read_numbers

MEASURED_GROUPS = frozenset({"film", "xrq", "dxa", "pqct", "pqc", "hrpqct", "hrp"})
"""Groups whose numbers are measured on images; a net that may see fewer images learns them beside its task. Finite
elements are not among them: a model they taught cannot be judged by them, so they are learned only when asked for."""
RawImages = Mapping[str, tuple[Tensor, Tensor]]
"""By modality: (n, channels, size, size) float32 in the stored unit, and (n,) bool who has one."""


@dataclass(frozen=True)
class People:
    """Inputs and, where known, outcomes; n people, or a batch of them.

    images, groups, has: as `Fusion.forward` takes them. labels, weights: (n,) float32.
    auxiliary: (n, measurements) float32, z-scores; auxiliary_known: the same shape, bool.
    """

    images: Mapping[str, Tensor]
    groups: Mapping[str, Tensor]
    has: Tensor
    labels: Tensor
    weights: Tensor
    auxiliary: Tensor
    auxiliary_known: Tensor

    def take(self, rows: Tensor) -> "People":
        """Return some of them. rows: (k,) positions."""
        return People(
            {name: values[rows] for name, values in self.images.items()},
            {name: values[rows] for name, values in self.groups.items()},
            self.has[rows],
            self.labels[rows],
            self.weights[rows],
            self.auxiliary[rows],
            self.auxiliary_known[rows],
        )

    @property
    def n(self) -> int:
        """How many people."""
        return len(self.has)


@dataclass(frozen=True)
class ImageScale:
    """Mean and spread of a modality's pixels, in the stored unit; channels: slices the net sees."""

    mean: float
    spread: float
    channels: int
    unit: str


@dataclass(frozen=True)
class Preparation:
    """What was learned of the inputs on training people; goes into the model with the weights of its fold.

    auxiliary: the measurements that are predicted beside the task.
    observed: columns of the table, needed to tell who has any value of a group.
    """

    table: TableScaler
    images: Mapping[str, ImageScale]
    auxiliary: tuple[str, ...]
    columns: tuple[Column, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values, as `of` takes them."""
        return {
            "table": self.table.as_json(),
            "images": {name: dict(vars(scale)) for name, scale in self.images.items()},
            "auxiliary": list(self.auxiliary),
            "columns": [{**vars(column), "codes": list(column.codes)} for column in self.columns],
        }

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Preparation":
        """Return the preparation that `as_json` wrote down."""
        return cls(
            TableScaler.of(values["table"]),
            {name: ImageScale(**one) for name, one in values["images"].items()},
            tuple(values["auxiliary"]),
            tuple(Column(**{**one, "codes": tuple(one["codes"])}) for one in values["columns"]),
        )

    def make_shape(self, config: Config) -> Shape:
        """Return the shape of the network for these inputs."""
        return Shape(
            images={name: scale.channels for name, scale in self.images.items()},
            groups={group: len(places) for group, places in self.table.groups.items()},
            auxiliary=len(self.auxiliary),
            encoder=config.encoder,
            width=config.width,
            dim=config.dim,
            heads=config.heads,
            blocks=config.blocks,
            dropout=config.dropout,
        )

    def find_sources(self) -> list[int]:
        """Return for each measurement the position of the input that tells it, in the order of `Shape.inputs`."""
        inputs = [*self.images, *map(name_group, self.table.groups)]
        group_of = {column.name: name_group(column.group) for column in self.columns}
        return [inputs.index(group_of[name]) for name in self.auxiliary]

    def apply(self, snapshot: Snapshot, raw: RawImages, device: torch.device) -> People:
        """Return everybody in the snapshot as the network sees them; labels are 0 where there are none.

        Raises ValueError where images are in another unit than those learned from.
        """
        self._check_units(snapshot)
        numbers = self.table.transform(snapshot)
        observed = find_observed_groups(snapshot, self.columns)
        groups = {group: to_floats(numbers[:, places]) for group, places in self.table.groups.items()}
        has = [raw[name][1] for name in self.images] + [torch.from_numpy(observed[group]) for group in groups]
        labels = np.zeros(snapshot.n) if snapshot.labels is None else snapshot.labels
        weights = np.ones(snapshot.n) if snapshot.weights is None else snapshot.weights
        auxiliary, known = self._read_auxiliary(snapshot)
        images = {name: (raw[name][0] - scale.mean) / scale.spread for name, scale in self.images.items()}
        return People(
            {name: values.to(device) for name, values in images.items()},
            {name: values.to(device) for name, values in groups.items()},
            torch.stack(has, dim=1).to(device),
            to_floats(labels).to(device),
            to_floats(weights).to(device),
            to_floats(auxiliary).to(device),
            torch.from_numpy(known).to(device),
        )

    def _check_units(self, snapshot: Snapshot) -> None:
        for name, scale in self.images.items():
            if (found := get_unit(snapshot, name)) not in {"", scale.unit}:
                raise ValueError(f"images of the modality '{name}' are in '{found}'; the model learned '{scale.unit}'")

    def _read_auxiliary(self, snapshot: Snapshot) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        if not self.auxiliary or snapshot.labels is None:
            empty = np.zeros((snapshot.n, len(self.auxiliary)))
            return empty, empty.astype(np.bool_)
        scales = {one.column: one for one in self.table.features if one.kind == "value"}
        raw = np.stack([read_numbers(name, snapshot.cells[name]) for name in self.auxiliary], axis=1)
        scaled = (raw - [scales[name].mean for name in self.auxiliary]) / [
            scales[name].spread for name in self.auxiliary
        ]
        return np.nan_to_num(scaled), ~np.isnan(raw)


def read_raw_images(
    snapshot: Snapshot, modalities: Sequence[str], size: int, channels: Mapping[str, int] | None = None
) -> RawImages:
    """Return the images of each modality. channels: slices by modality; counted in the snapshot if not given."""
    return {
        name: load_images(snapshot, name, channels[name] if channels else count_channels(snapshot, name), size)
        for name in modalities
    }


def prepare(
    snapshot: Snapshot, columns: Sequence[Column], raw: RawImages, rows: NDArray[np.int64], config: Config
) -> Preparation:
    """Learn from the rows of training people how inputs are scaled. Raises ValueError where nothing is left."""
    table = TableScaler.fit(snapshot, columns, rows)
    images = {name: scale for name in raw if (scale := _scale_images(*raw[name], rows, get_unit(snapshot, name)))}
    if not images and not table.features:
        raise ValueError("there is no input to learn from: no image and no column with a value")
    values = {one.column for one in table.features if one.kind == "value"}
    return Preparation(table, images, _choose_auxiliary(columns, values, config), tuple(columns))


def to_floats(values: NDArray[Any]) -> Tensor:
    """Return an array as a float32 tensor of its own."""
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))


def _scale_images(images: Tensor, has: Tensor, rows: NDArray[np.int64], unit: str) -> ImageScale | None:
    chosen = torch.from_numpy(rows)
    seen = images[chosen[has[chosen]]].double()
    if not len(seen):
        return None  # nobody who trains has one
    spread = float(seen.std(correction=0))
    return ImageScale(float(seen.mean()), spread if spread > 1e-12 else 1.0, int(images.shape[1]), unit)


def _choose_auxiliary(columns: Sequence[Column], values: set[str], config: Config) -> tuple[str, ...]:
    numbers = {column.name: column for column in columns if column.kind == "number" and column.name in values}
    if config.auxiliary is None:
        return tuple(
            name
            for name, column in numbers.items()
            if column.group in MEASURED_GROUPS and not name.startswith(FE_NAMES)
        )
    known = {column.name for column in columns if column.kind == "number"}
    if unknown := [name for name in config.auxiliary if name not in known]:
        raise ValueError(f"auxiliary names '{unknown[0]}', which is no number among the columns of this run")
    return tuple(name for name in config.auxiliary if name in numbers)
