"""The score sheet of an evaluation: every number of its report, computed once, from labels and locked predictions.

The same labels, predictions and protocol give the same sheet on every machine: sums do not hang on their order, the
bootstrap is seeded, and numbers are frozen at twelve significant digits. What cannot be estimated is null with `why`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

import numpy as np

from modelling.engine.metrics import discrimination
from modelling.engine.metrics.estimates import Array, NotEstimable
from modelling.engine.metrics.model_scores import Protocol, Scored, Sheet, refuse, score_model
from modelling.engine.metrics.multiplicity import holm
from modelling.engine.metrics.sample_size import auc_half_width
from modelling.engine.metrics.tasks import NOT_ESTIMABLE, REHEARSAL, SIMULATED, TASKS, say_not_estimable, why_untaught

__all__ = ["FORMAT", "Facts", "Protocol", "Scored", "Sheet", "compute", "freeze"]

FORMAT: Final = "trabecula.score_sheet/1"
FEW_PEOPLE: Final = 10
FEW_EVENTS: Final = 5
_DIGITS: Final = 12


@dataclass(frozen=True)
class Facts:
    """What the sheet repeats of the evaluation, so that a report needs nothing else.

    excluded: {reason, n} each. flow: people by step; the sheet orders the steps from most to fewest. hashes: name ->
    SHA-256. inputs: {"went_in": [{name, group, kind, unit}], "left_out": [{name, reason}]}. training: {n, n_events,
    snapshot_sha256}. deviations: one sentence each. custody: a sentence on who held the key.
    """

    evaluation: str
    study: str
    origin: Literal["simulated", "human"]
    task: str
    title: str = ""
    excluded: Sequence[Mapping[str, Any]] = ()
    flow: Mapping[str, int] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    deviations: Sequence[str] = ()
    custody: str = ""
    is_rehearsal: bool = False


def compute(
    facts: Facts,
    labels: Mapping[str, int],
    models: Sequence[Scored],
    protocol: Protocol,
    *,
    weights: Mapping[str, float] | None = None,
    subgroups: Mapping[str, Mapping[str, str]] | None = None,
) -> Sheet:
    """Return the score sheet.

    labels: token -> 0 or 1 of every scored person. models: exactly one of them primary. weights: survey weights,
    token -> positive; an AUC with them is added beside the plain one, without an interval. subgroups: name ->
    token -> group.
    Raises ValueError if a model's predictions are not of exactly the labelled people, or none or two are primary.
    """
    tokens = sorted(labels)
    _refuse_unfit(tokens, models)
    truths = np.array([labels[token] for token in tokens], dtype=np.float64)
    n, n_events = truths.size, int(truths.sum())
    few = _why_locked(facts, n_events)
    risks = [np.array([model.predictions[token] for token in tokens], dtype=np.float64) for model in models]
    heavy = None if weights is None else np.array([weights[token] for token in tokens], dtype=np.float64)
    primary = next(i for i, model in enumerate(models) if model.role == "primary")
    sheet = {
        "format": FORMAT,
        **_repeat(facts),
        "n": n,
        "n_events": n_events,
        "not_estimable": few,
        "precision": _foresee_precision(n, n_events),
        "models": [
            score_model(model, truths, risk, protocol, heavy, few) for model, risk in zip(models, risks, strict=True)
        ],
        "comparisons": _compare(models, truths, risks, primary, protocol.level, few),
        "subgroups": _split(subgroups or {}, tokens, truths, risks[primary], protocol.level),
        "seed": protocol.seed,
        "resamples": protocol.resamples,
        "level": protocol.level,
    }
    return {key: freeze(value) for key, value in sheet.items()}


def freeze(value: Any) -> Any:
    """Return a JSON value with every float at twelve significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS - 1}e}")
    if isinstance(value, Mapping):
        return {key: freeze(one) for key, one in value.items()}
    return [freeze(one) for one in value] if isinstance(value, list | tuple) else value


def _repeat(facts: Facts) -> Sheet:
    return {
        "evaluation": facts.evaluation,
        "study": facts.study,
        "origin": facts.origin,
        "task": facts.task,
        "title": facts.title,
        "rehearsal": facts.is_rehearsal,
        "marks": [SIMULATED] * (facts.origin == "simulated") + [REHEARSAL] * facts.is_rehearsal,
        "excluded": [dict(one) for one in facts.excluded],
        # Canonical JSON sorts names, so the order of the steps is kept as a list.
        "flow": [{"step": step, "n": n} for step, n in sorted(facts.flow.items(), key=_fewer_later)],
        "hashes": dict(facts.hashes),
        "inputs": dict(facts.inputs),
        "training": dict(facts.training),
        "deviations": list(facts.deviations),
        "custody": facts.custody,
    }


def _fewer_later(step: tuple[str, int]) -> tuple[int, bool, str]:
    return -step[1], step[0] == "scored", step[0]


def _refuse_unfit(tokens: Sequence[str], models: Sequence[Scored]) -> None:
    if not tokens:
        raise ValueError("there is nobody to score")
    n_primary = sum(model.role == "primary" for model in models)
    if n_primary != 1:
        raise ValueError(f"{n_primary} models are primary, one was wanted")
    for model in models:
        unknown, missing = len(model.predictions.keys() - set(tokens)), len(set(tokens) - model.predictions.keys())
        if unknown or missing:
            raise ValueError(f"'{model.name}' predicts {unknown} people without a label and leaves out {missing}")
        if not all(0 <= risk <= 1 for risk in model.predictions.values()):
            raise ValueError(f"'{model.name}' predicts a risk that is not a number from 0 to 1")


def _why_locked(facts: Facts, n_events: int) -> str:
    """Return why nothing is shown for a task that wants more events, scored or learned from; empty if it may be."""
    wanted = TASKS[facts.task].min_test_events if facts.task in TASKS else 0
    # A count that nobody tells is none.
    untaught = why_untaught(facts.task, int(facts.training.get("n_events") or 0))
    if n_events < wanted:
        return say_not_estimable(n_events)
    return f"{NOT_ESTIMABLE}{untaught}" if untaught else ""


def _compare(
    models: Sequence[Scored], truths: Array, risks: Sequence[Array], primary: int, level: float, few: str
) -> list[Sheet]:
    """Return how the primary model's AUC differs from each other one's, with p adjusted by Holm."""
    rows = []
    for i, model in enumerate(models):
        if i == primary:
            continue
        row: Sheet = {"a": models[primary].model_version, "b": model.model_version, "p": None, "p_holm": None}
        try:
            if few:
                raise NotEstimable(few)
            found = discrimination.compare_paired(truths, risks[primary], risks[i], level)
            row |= {"difference": asdict(found.estimate), "p": found.p}
        except NotEstimable as error:
            row["difference"] = refuse(str(error))
        rows.append(row)
    tested = [row for row in rows if row["p"] is not None]
    for row, adjusted in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row["p_holm"] = adjusted
    return rows


def _split(
    subgroups: Mapping[str, Mapping[str, str]], tokens: Sequence[str], truths: Array, risks: Array, level: float
) -> list[Sheet]:
    """Return the primary model's AUC in each subgroup; small ones are not shown, their counts neither."""
    rows: list[Sheet] = []
    for name, of_token in sorted(subgroups.items()):
        groups = np.array([of_token[token] for token in tokens])
        inside = {group: groups == group for group in sorted(set(of_token.values()))}
        hidden = _hide({group: (int(mask.sum()), int(truths[mask].sum())) for group, mask in inside.items()})
        for group, mask in inside.items():
            if group in hidden:
                rows.append({"name": name, "group": group, "n": None, "n_events": None, "auc": refuse(hidden[group])})
                continue
            found = discrimination.delong_logit_interval(truths[mask], risks[mask], level)
            n, n_events = int(mask.sum()), int(truths[mask].sum())
            rows.append({"name": name, "group": group, "n": n, "n_events": n_events, "auc": asdict(found)})
    return rows


def _hide(counts: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    """Return group -> why it is not shown. counts: group -> (people, events), which add up to those of the sheet."""
    hidden = {}
    for group, (n, n_events) in counts.items():
        if n < FEW_PEOPLE:
            hidden[group] = f"not shown (n < {FEW_PEOPLE})"
        elif min(n_events, n - n_events) < FEW_EVENTS:
            hidden[group] = f"not shown (fewer than {FEW_EVENTS})"
    shown = {group: n for group, (n, _) in counts.items() if group not in hidden}
    if len(hidden) == 1 and shown:
        # The total less the groups shown would give the one that is hidden.
        hidden[min(shown, key=lambda group: (shown[group], group))] = "not shown (a smaller group would follow from it)"
    return hidden


def _foresee_precision(n: int, n_events: int) -> Sheet:
    """Return the half width an AUC of 0.8 was bound to have with these people, or null."""
    possible = 0 < n_events < n
    half = auc_half_width(0.8, n_events, n - n_events) if possible else None
    return {"auc": 0.8, "half_width": half, "method": "Hanley & McNeil 1982"}
