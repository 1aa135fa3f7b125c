"""Score sheets for tests: made by the product's own `compute` from seeded labels and predictions."""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from modelling.engine.metrics.score_sheet import Facts, Protocol, Scored, compute

FACTS = Facts(
    evaluation="6f0a4c1e-9d7c-4f55-9a4e-1c1f3a4b5c6d",
    study="wrist",
    origin="simulated",
    task="OP_WHO",
    title="Osteoporosis at hip or spine from the wrist",
    excluded=[{"reason": "withdrawn before the lock", "n": 1}, {"reason": "no central DXA", "n": 2}],
    flow={"enrolled": 100, "drawn for testing": 33, "with a label": 31, "with every input": 30, "scored": 30},
    hashes={"protocol": "a" * 64, "labels": "b" * 64, "inputs": "c" * 64, "manifest": "d" * 64, "scorer": "e" * 64},
    inputs={
        "went_in": [
            {"name": "age", "group": "participant", "kind": "number", "unit": "years"},
            {"name": "forearm_udaBMD", "group": "dxa", "kind": "number", "unit": "g/cm2"},
        ],
        "left_out": [{"name": "frax_mof", "reason": "holds bone density, which is the label"}],
    },
    training={"n": 70, "n_events": 15, "snapshot_sha256": "f" * 64},
    deviations=["The third custodian was away; shares 1 and 2 were used, as the protocol allows."],
    custody="Two of three custodians opened the labels; this is demo custody.",
)


def make_labels(n: int = 30, n_events: int = 6) -> dict[str, int]:
    """Return token -> label of n people; tokens are 32 hexadecimal digits in no order."""
    tokens = [hashlib.sha256(str(i).encode()).hexdigest()[:32] for i in range(n)]
    return {token: int(i < n_events) for i, token in enumerate(tokens)}


def make_model(
    labels: Mapping[str, int] | None = None,
    *,
    name: str = "fusion 1",
    role: Literal["primary", "baseline"] = "primary",
    apart: float = 1.2,
    seed: int = 5,
) -> Scored:
    """Return locked predictions that separate the labels by so many standard deviations."""
    labels = labels or make_labels()
    generator = np.random.default_rng(seed)
    scores = {token: generator.normal(apart * label - 1.4) for token, label in labels.items()}
    risks = {token: float(1 / (1 + np.exp(-score))) for token, score in scores.items()}
    digest = hashlib.sha256(name.encode()).hexdigest()
    return Scored(digest[:8], name, role, "film, DXA, pQCT, history", 0.3, digest, digest[::-1], risks)


def make_sheet(n: int = 30, n_events: int = 6, facts: Facts = FACTS) -> dict[str, Any]:
    """Return the score sheet of a model and a clinical baseline."""
    labels = make_labels(n, n_events)
    baseline = make_model(labels, name="clinical 1", role="baseline", apart=0.6, seed=9)
    return compute(facts, labels, [make_model(labels), baseline], Protocol(seed=7, resamples=300))
