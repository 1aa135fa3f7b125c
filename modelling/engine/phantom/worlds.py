"""Cohorts of invented people, and how well anybody could possibly do on them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.outcomes import PLAIN, WORLDS, Outcomes, make_outcomes
from modelling.engine.phantom.person import Floats, People, Person, draw_latents, make_people, pick


@dataclass(frozen=True)
class World:
    """n people and what is true of them."""

    people: People
    outcomes: Outcomes


def make_world(seed: int, indices: Sequence[int], world: str = PLAIN) -> World:
    """Return the people with these indices, without images. Raises ValueError for a world that is none of WORLDS."""
    check_world(world)
    latents = draw_latents(seed, indices)
    people = make_people(latents, indices)
    return World(people, make_outcomes(people, latents, world))


def check_world(world: str) -> None:
    """Raise ValueError if `world` is none of WORLDS."""
    if world not in WORLDS:
        raise ValueError(f"the world '{world}'; wanted one of {', '.join(WORLDS)}")


def make_person(seed: int, index: int, world: str = PLAIN, strength: float | None = None) -> Person:
    """Return one person; the same numbers give the same person, whatever the size of the cohort.

    strength: as `outcomes.relative_strength` scales it, where it was measured on the bone.
    """
    check_world(world)
    latents = draw_latents(seed, [index])
    people = make_people(latents, [index])
    measured = None if strength is None else np.array([strength])
    outcomes = make_outcomes(people, latents, world, measured)
    found = {field.name: getattr(outcomes, field.name)[0].item() for field in fields(outcomes)}
    return Person(seed=seed, **pick(people, 0), **found)


def oracle_auc(probability: Floats, label: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve of a score: P(score of a case > that of a control), ties counting half.

    probability: (n,). label: (n,) bool.
    Raises ValueError if all labels are equal.

    Mann and Whitney, Ann Math Stat 18:50 (1947).
    """
    n_cases = int(label.sum())
    n_controls = label.size - n_cases
    if not n_cases or not n_controls:
        raise ValueError(f"{n_cases} cases and {n_controls} controls: an AUC needs both")
    _, place, count = np.unique(probability, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2.0)[place]
    return float((ranks[label].sum() - n_cases * (n_cases + 1) / 2.0) / (n_cases * n_controls))
