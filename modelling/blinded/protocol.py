"""The evaluation's protocol: everything that is decided before anything is seen, as canonical JSON with one digest."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

from portal.proof import jcs

FORMAT = "trabecula.evaluation_protocol/1"
LEVEL = 0.95
RESAMPLES = 2000
LONGEST_SEED = 2**31 - 1
MOST_LOOKS = 5


@dataclass(frozen=True)
class Typed:
    """What the principal investigator writes; TRUST 1.4 asks each of these before enrolling."""

    question: str
    population: str
    index_date: str
    threshold_rule: str
    missing_data: str
    withdrawals: str
    max_models: int
    seed: int
    looks: int = 1
    """How often this test set may be opened in all; said before the first time, and never changed after it."""

    def __post_init__(self) -> None:
        empty = [one.name for one in fields(self) if getattr(self, one.name) == ""]
        if empty:
            raise ValueError(f"the protocol is not complete: {', '.join(empty)} is empty")
        if not 1 <= self.max_models <= 10 or not 0 <= self.seed <= LONGEST_SEED:
            raise ValueError("from 1 to 10 models, and a seed from 0 to 2147483647, are wanted")
        if not 1 <= self.looks <= MOST_LOOKS:
            raise ValueError(f"a test set is opened from 1 to {MOST_LOOKS} times, found {self.looks}")


DEFAULTS: dict[str, str] = {
    "population": "Every participant drawn into the test, with consent to evaluation and a label on the day of sealing",
    "index_date": "Baseline imaging",
    "threshold_rule": "The threshold stored in the model version, chosen out of fold in training",
    "missing_data": "An absent image or answer is masked by the model; a person without any input is not scored, and "
    "counted",
    "withdrawals": "Who withdraws from any further use before the lock is left out, stays sealed, and is counted; the "
    "locked list stands afterwards",
}
"""What usually stands there; the form offers it."""


def make_protocol(
    typed: Typed, *, study: str, origin: str, task: str, rule: str, look: int, baselines: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the protocol.

    study: key of the study. rule: version of the rule that makes the label. baselines: rules that are scored beside
    the models, and those left out. look: which of the planned openings of this test set. Several share the error of
    one (Bonferroni, TRUST 1.7): each holds 1 - 0.05 / looks.
    """
    return {
        "format": FORMAT,
        "study": study,
        "origin": origin,
        "task": task,
        "question": typed.question,
        "population": typed.population,
        "index_date": typed.index_date,
        "outcome": rule,
        "inputs": "the admissible columns of the task (modelling.engine.training.admissible), and film, DXA, pQCT",
        "primary_metric": "area under the ROC curve of the primary model, with a DeLong interval on the logit scale",
        "threshold_rule": typed.threshold_rule,
        "missing_data": typed.missing_data,
        "withdrawals": typed.withdrawals,
        "max_models": typed.max_models,
        "baselines": dict(baselines),
        "multiplicity": "comparisons with the primary model, adjusted by Holm",
        "subgroups": [],
        "look": look,
        "looks": typed.looks,
        "scoring": {"seed": typed.seed, "level": level_of(typed.looks), "resamples": RESAMPLES},
    }


def level_of(looks: int) -> float:
    """Return the level of an interval where a test set is opened so many times: together they hold 95 %."""
    return round(1 - (1 - LEVEL) / looks, 6)


def compute_digest(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a body's canonical JSON: of a protocol, a proposal or a lock's manifest."""
    return sha256(jcs.dumps(body)).hexdigest()
