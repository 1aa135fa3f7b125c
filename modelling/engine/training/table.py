"""From the cells of a snapshot's table to numbers a model can use. Pure: numpy.

What is learned here (means, spreads, which codes occur) is learned from training people alone: `fit` gets their rows
and no others, so nothing of a held-out person is in the numbers that describe him.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.training.snapshot import Column, Snapshot

TRUE, FALSE = "1", "0"


@dataclass(frozen=True)
class Feature:
    """One number per person.

    What it holds by `kind`: "value", a number or flag as (value - mean) / spread, 0 where missing; "code", 1 if the
    category is `code`; "missing", 1 where the cell is empty. mean, spread: in the column's unit.
    """

    column: str
    kind: str
    group: str
    code: str = ""
    mean: float = 0.0
    spread: float = 1.0

    def fill(self, cells: Sequence[str]) -> NDArray[np.float64]:
        """Return the feature of each person, (n,)."""
        if self.kind == "code":
            return np.array([cell == self.code for cell in cells], np.float64)
        if self.kind == "missing":
            return np.array([cell == "" for cell in cells], np.float64)
        values = read_numbers(self.column, cells)
        return np.where(np.isnan(values), 0.0, (values - self.mean) / self.spread)


@dataclass(frozen=True)
class TableScaler:
    """The features made of a table, in order; fitted on training people."""

    features: tuple[Feature, ...]

    @classmethod
    def fit(cls, snapshot: Snapshot, columns: Sequence[Column], rows: NDArray[np.int64]) -> "TableScaler":
        """Learn means, spreads, codes and whether anything is missing from these rows alone."""
        features: list[Feature] = []
        for column in columns:
            cells = [snapshot.cells[column.name][row] for row in rows]
            features += _fit_column(column, cells)
        return cls(tuple(features))

    def transform(self, snapshot: Snapshot) -> NDArray[np.float64]:
        """Return the features of everybody, (n, width)."""
        made = [feature.fill(snapshot.cells[feature.column]) for feature in self.features]
        return np.stack(made, axis=1) if made else np.zeros((snapshot.n, 0))

    @property
    def groups(self) -> dict[str, list[int]]:
        """By group, the positions of its features."""
        found: dict[str, list[int]] = {}
        for position, feature in enumerate(self.features):
            found.setdefault(feature.group, []).append(position)
        return found

    def as_json(self) -> list[dict[str, Any]]:
        """Return the features as JSON values."""
        return [dict(vars(feature)) for feature in self.features]

    @classmethod
    def of(cls, values: Sequence[Mapping[str, Any]]) -> "TableScaler":
        """Return the scaler that `as_json` wrote down."""
        return cls(tuple(Feature(**one) for one in values))


def choose_columns(snapshot: Snapshot, names: Sequence[str] | None) -> list[Column]:
    """Return the columns asked for, all if None. Raises ValueError for a name the snapshot does not hold."""
    if names is None:
        return list(snapshot.columns)
    by_name = {column.name: column for column in snapshot.columns}
    if unknown := [name for name in names if name not in by_name]:
        raise ValueError(f"the snapshot has no column '{unknown[0]}'")
    return [by_name[name] for name in names]


def find_observed_groups(snapshot: Snapshot, columns: Sequence[Column]) -> dict[str, NDArray[np.bool_]]:
    """Return by group who has at least one of its values, (n,)."""
    found: dict[str, NDArray[np.bool_]] = {}
    for column in columns:
        here = np.array([cell != "" for cell in snapshot.cells[column.name]], np.bool_)
        found[column.group] = found[column.group] | here if column.group in found else here
    return found


def read_numbers(name: str, cells: Sequence[str]) -> NDArray[np.float64]:
    """Return cells as numbers, NaN where empty. Raises ValueError for what is no finite number."""
    try:
        values = np.array([float(cell) if cell else np.nan for cell in cells], np.float64)
    except ValueError:
        raise ValueError(f"the column '{name}' holds something that is no number") from None
    if np.isinf(values).any():
        raise ValueError(f"the column '{name}' holds an infinite number")
    return values


def _fit_column(column: Column, cells: Sequence[str]) -> list[Feature]:
    filled = [cell for cell in cells if cell]
    if not filled:
        return []  # nobody who trains has a value, so nothing can be learned from it
    if column.kind == "category":
        seen = set(filled)
        codes = [code for code in column.codes if code in seen] or sorted(seen)
        made = [Feature(column.name, "code", column.group, code=code) for code in codes]
    else:
        _check_flags(column, filled)
        values = read_numbers(column.name, filled)
        mean, spread = float(values.mean()), float(values.std())
        # A column that is the same for everybody has no spread to divide by; it then holds 0 for all.
        made = [Feature(column.name, "value", column.group, mean=mean, spread=spread if spread > 1e-12 else 1.0)]
    if len(filled) < len(cells):
        made.append(Feature(column.name, "missing", column.group))
    return made


def _check_flags(column: Column, filled: Sequence[str]) -> None:
    if column.kind == "flag" and (unknown := sorted(set(filled) - {TRUE, FALSE})):
        raise ValueError(f"the flag '{column.name}' holds '{unknown[0]}'; wanted 0 or 1")
