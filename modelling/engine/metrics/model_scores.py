"""What the score sheet says of one model: AUC, shares at the threshold, calibration, net benefit, each or why not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from modelling.engine.metrics import calibration, discrimination
from modelling.engine.metrics.bootstrap import RESAMPLES, bootstrap_auc
from modelling.engine.metrics.estimates import LEVEL, Array, Estimate, NotEstimable
from modelling.engine.metrics.net_benefit import net_benefit, net_benefit_of_all
from modelling.engine.metrics.proportions import wilson

_CURVE_POINTS: Final = 100
_NO_CURVES: Final[Mapping[str, Any]] = {"roc": [], "net_benefit": [], "risks": {"with": [], "without": []}}

Role = Literal["primary", "baseline", "secondary"]
Sheet: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """One model's locked predictions: token -> risk from 0 to 1. threshold: locked with them; None for none."""

    model_version: str
    name: str
    role: Role
    inputs: str
    threshold: float | None
    weights_sha256: str
    predictions_sha256: str
    predictions: Mapping[str, float]
    ranks_only: str = ""
    """Why these are no probabilities of the outcome; empty where they are. Such a model is ranked, not calibrated."""


@dataclass(frozen=True)
class Protocol:
    """The locked choices. seed: of the bootstrap. net_benefit_at: thresholds inside 0 to 1."""

    seed: int
    level: float = LEVEL
    resamples: int = RESAMPLES
    net_benefit_at: Sequence[float] = tuple(step / 100 for step in range(2, 61, 2))


def score_model(
    model: Scored, truths: Array, risks: Array, protocol: Protocol, weights: Array | None, few: str
) -> Sheet:
    level = protocol.level
    no_risk = few or model.ranks_only
    scored = {
        "model_version": model.model_version,
        "name": model.name,
        "role": model.role,
        "inputs": model.inputs,
        "weights_sha256": model.weights_sha256,
        "predictions_sha256": model.predictions_sha256,
        "threshold": model.threshold,
        "auc": estimate_or_why(lambda: discrimination.delong_logit_interval(truths, risks, level), few),
        "auc_plain": estimate_or_why(lambda: discrimination.delong_interval(truths, risks, level), few),
        "auc_bootstrap": estimate_or_why(
            lambda: bootstrap_auc(truths, risks, seed=protocol.seed, resamples=protocol.resamples, level=level), few
        ),
        **_at_threshold(model.threshold, truths, risks, level, few),
        "brier": estimate_or_why(lambda: calibration.brier_interval(truths, risks, level), no_risk),
        "calibration": _calibrate(truths, risks, level, no_risk),
        **(_NO_CURVES if few else _draw_curves(truths, risks, () if model.ranks_only else protocol.net_benefit_at)),
    }
    if weights is not None:
        scored["auc_weighted"] = _weigh(truths, risks, weights, few)
    return scored


def estimate_or_why(estimate: Callable[[], Estimate], few: str) -> Sheet:
    """Return an estimate as the sheet holds it, or nulls with the reason."""
    try:
        if few:
            raise NotEstimable(few)
        return asdict(estimate())
    except NotEstimable as error:
        return {"value": None, "lower": None, "upper": None, "level": None, "method": None, "why": str(error)}


def _at_threshold(threshold: float | None, truths: Array, risks: Array, level: float, few: str) -> Sheet:
    """Return the confusion matrix and the four shares with Wilson's intervals; nulls where no threshold was locked."""
    few = few or ("no threshold was locked" if threshold is None else "")
    if threshold is None or few:
        return {"confusion": None} | {key: refuse(few) for key in ("sensitivity", "specificity", "ppv", "npv")}
    counts = discrimination.confusion_at(truths, risks, threshold)
    shares = {
        "sensitivity": (counts.tp, counts.tp + counts.fn),
        "specificity": (counts.tn, counts.tn + counts.fp),
        "ppv": (counts.tp, counts.tp + counts.fp),
        "npv": (counts.tn, counts.tn + counts.fn),
    }
    return {"confusion": asdict(counts)} | {key: _share(hits, of, level) for key, (hits, of) in shares.items()}


def _share(hits: int, of: int, level: float) -> Sheet:
    return estimate_or_why(lambda: wilson(hits, of, level), "") | {"hits": hits, "of": of}


def refuse(why: str) -> Sheet:
    """Return nulls with a reason."""
    return estimate_or_why(lambda: wilson(0, 0), why)


def _draw_curves(truths: Array, risks: Array, thresholds: Sequence[float]) -> Sheet:
    """Return ROC corners, net benefit by threshold, and everybody's risk in order, by outcome."""
    return {
        "roc": [[point.fpr, point.tpr, point.threshold] for point in discrimination.roc_points(truths, risks)]
        if 0 < truths.sum() < truths.size
        else [],
        "net_benefit": [[at, net_benefit(truths, risks, at), net_benefit_of_all(truths, at)] for at in thresholds],
        "risks": {
            name: sorted(float(risk) for risk in risks[truths == value])
            for name, value in (("with", 1), ("without", 0))
        },
    }


def _calibrate(truths: Array, risks: Array, level: float, few: str) -> Sheet:
    try:
        if few:
            raise NotEstimable(few)
        calibration.refuse_few(truths.size, int(truths.sum()))
        fit = calibration.recalibrate(truths, risks, level)
        smooth = calibration.smooth_calibration(truths, risks)
    except NotEstimable as error:
        empty = dict.fromkeys(("intercept", "slope", "in_the_large", "o_e", "e_avg", "e90", "e_max"))
        return {"estimable": False, "why": str(error), "curve": [], **empty}
    places = np.unique(np.linspace(0, truths.size - 1, _CURVE_POINTS).astype(int))
    return {
        "estimable": True,
        "why": "",
        "intercept": asdict(fit.intercept),
        "slope": asdict(fit.slope),
        "in_the_large": asdict(fit.in_the_large),
        "o_e": estimate_or_why(lambda: calibration.observed_over_expected(truths, risks, level), ""),
        "e_avg": smooth.e_avg,
        "e90": smooth.e90,
        "e_max": smooth.e_max,
        "curve": [[float(smooth.risks[i]), float(smooth.observed[i])] for i in places],
    }


def _weigh(truths: Array, risks: Array, weights: Array, few: str) -> Sheet:
    why = few or "a design-based interval is not claimed"
    try:
        value = None if few else discrimination.weighted_auc(truths, risks, weights)
    except NotEstimable as error:
        value, why = None, str(error)
    return {"value": value, "why": why}
