"""What the scorer must know of an evaluation, and the one change it makes to it.

Evaluations stand above the vault, so they hand this in when the portal starts (as jobs are given their kinds): the
vault calls, and imports nothing from above.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from portal.roles.actors import Actor


@dataclass(frozen=True)
class Rows:
    """Which rows of the vault say who is in a snapshot: those of the attempt that built it."""

    snapshot_pk: UUID
    attempt: int


@dataclass(frozen=True)
class Entered:
    """One model that was entered: whose predictions they are, what they must hash to, what it was trained on.

    facts: fields of `modelling.engine.metrics.model_scores.Scored`, as JSON. predictions_sha256: of the file of
    predictions. train_rows: who it was trained on.
    """

    submission_pk: UUID
    facts: Mapping[str, Any]
    predictions_sha256: str
    train_rows: Rows


@dataclass(frozen=True)
class Ruled:
    """A rule that is scored beside the models and needs fields only the scorer may read.

    facts: as of a model that was entered. place: participants → risk from 0 to 1, None where too few have a value;
    it reads the database as the scorer.
    """

    submission_pk: UUID
    facts: Mapping[str, Any]
    place: Callable[[Collection[UUID]], Mapping[UUID, float] | None] = field(repr=False)


@dataclass(frozen=True)
class Case:
    """One evaluation as the scorer may know it; nothing in it tells a label.

    manifest: the lock's manifest as its exact text; manifest_sha256: what two people approved.
    batch_pk: the sealing that counts. test_rows: who is in the test inputs.
    facts, protocol: fields of `modelling.engine.metrics.score_sheet.Facts` and `Protocol`, as JSON.
    """

    evaluation_pk: UUID
    state: str
    facts: Mapping[str, Any]
    protocol: Mapping[str, Any]
    manifest: str = ""
    manifest_sha256: str = ""
    custody_keys: tuple[UUID, ...] = ()
    batch_pk: UUID | None = None
    test_rows: Rows | None = None
    n_labels: int = 0
    label_root: str = ""
    entered: tuple[Entered, ...] = field(default=())
    rules: tuple[Ruled, ...] = field(default=())


class Book(Protocol):
    """Where evaluations are written down."""

    def find_case(self, evaluation_pk: UUID) -> Case:
        """Return an evaluation as it stands now."""

    def write_reveal(self, actor: Actor, evaluation_pk: UUID, *, sheet_sha256: str) -> None:
        """Move an evaluation from locked to revealed, inside the act that is open."""


_books: list[Book] = []


def register_book(book: Book) -> None:
    """Hand in the book. Raises ValueError for a second one."""
    if _books:
        raise ValueError("the scorer has its book already")
    _books.append(book)


def get_book() -> Book:
    """Return the book. Raises LookupError where no part of the portal handed one in."""
    if not _books:
        raise LookupError("no part of the portal keeps evaluations, so there is nothing to score")
    return _books[0]
