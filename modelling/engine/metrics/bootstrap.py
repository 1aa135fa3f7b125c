"""The AUC's interval by resampling people, within those with the outcome and within those without.

Comparisons are whole and half numbers and counts are whole, so every product is exact: the same seed gives the same
interval on every machine.
"""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from modelling.engine.metrics.discrimination import midranks
from modelling.engine.metrics.estimates import LEVEL, Array, Estimate, NotEstimable, split_by_label

RESAMPLES = 2000
_AT_ONCE = 5_000_000


def bootstrap_auc(
    labels: npt.ArrayLike, scores: npt.ArrayLike, *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL
) -> Estimate:
    """Return the AUC with its bootstrap interval, stratified by label: bias-corrected and accelerated (BCa).

    labels: (person,), scores: (person,); one row a person, so whole people are drawn.
    Raises NotEstimable where the separation is perfect, since every resample is perfect too.
    Method: Efron, J Am Stat Assoc 82:171 (1987).
    """
    with_it, without = split_by_label(labels, scores)
    drawn = np.sort(resample_aucs(with_it, without, seed=seed, resamples=resamples))
    left_out = _leave_one_out(with_it, without)
    value = _auc(with_it, without)
    if drawn[0] == drawn[-1]:
        raise NotEstimable("every resample gives the same AUC, so the bootstrap says nothing")
    bias = _bias(drawn, value)
    skew = left_out.mean() - left_out
    acceleration = float((skew**3).sum() / (6 * (skew**2).sum() ** 1.5)) if (skew**2).sum() else 0.0
    lower, upper = (_quantile(drawn, bias, acceleration, (1 + sign * level) / 2) for sign in (-1, 1))
    return Estimate(value, lower, upper, level, f"bootstrap BCa, {resamples} resamples by person within label")


def resample_aucs(with_it: Array, without: Array, *, seed: int, resamples: int) -> Array:
    """Return the AUC of each resample, (resamples,): both groups drawn with replacement at their own size."""
    m, n = with_it.size, without.size
    # wins[i, j] is 2 where the person i with the outcome scores above j without it, 1 where they tie.
    wins = (with_it[:, None] > without).astype(np.float64) * 2 + (with_it[:, None] == without)
    generator = np.random.Generator(np.random.PCG64(seed))
    found = np.empty(resamples)
    step = max(1, _AT_ONCE // (m + n))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        cases = generator.multinomial(m, np.full(m, 1 / m), size=size).astype(np.float64)
        others = generator.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)
        found[start : start + size] = ((cases @ wins) * others).sum(axis=1) / (2 * m * n)
    return found


def _auc(with_it: Array, without: Array) -> float:
    m, n = with_it.size, without.size
    ranks = midranks(np.concatenate([with_it, without]))
    return float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))


def _leave_one_out(with_it: Array, without: Array) -> Array:
    """Return the AUC without each person in turn, where enough people remain."""
    m, n = with_it.size, without.size
    ranks = midranks(np.concatenate([with_it, without]))
    won = ranks[:m] - midranks(with_it)
    lost = m - (ranks[m:] - midranks(without))
    total = won.sum()
    groups = []
    if m > 1:
        groups.append((total - won) / ((m - 1) * n))
    if n > 1:
        groups.append((total - lost) / (m * (n - 1)))
    return np.concatenate(groups) if groups else np.zeros(1)


def _bias(drawn: Array, value: float) -> float:
    """Return how far the resamples lie to one side, in standard normal units; those at the value count half."""
    share = ((drawn < value).sum() + (drawn == value).sum() / 2) / drawn.size
    return NormalDist().inv_cdf(min(max(float(share), 0.5 / drawn.size), 1 - 0.5 / drawn.size))


def _quantile(drawn: Array, bias: float, acceleration: float, probability: float) -> float:
    z = bias + NormalDist().inv_cdf(probability)
    return float(np.quantile(drawn, NormalDist().cdf(bias + z / (1 - acceleration * z))))
