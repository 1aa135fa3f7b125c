"""How sharp an answer a number of people can give; said before anything is opened."""

from math import ceil, exp, log, sqrt
from statistics import NormalDist

from modelling.engine.metrics.estimates import LEVEL, normal_quantile


def hanley_mcneil_variance(auc: float, n_cases: float, n_others: float) -> float:
    """Return the variance an AUC will have with so many people with and without the outcome.

    Raises ValueError unless 0 < auc < 1 and both numbers are positive. Hanley & McNeil, Radiology 143:29 (1982).
    """
    if not 0 < auc < 1 or n_cases <= 0 or n_others <= 0:
        raise ValueError(f"AUC {auc} with {n_cases} and {n_others} people: an AUC inside 0 to 1 and people were wanted")
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc) + (n_cases - 1) * (q1 - auc * auc) + (n_others - 1) * (q2 - auc * auc)
    return spread / (n_cases * n_others)


def auc_half_width(auc: float, n_cases: float, n_others: float, level: float = LEVEL) -> float:
    """Return half the width of the interval an AUC will have."""
    return normal_quantile(level) * sqrt(hanley_mcneil_variance(auc, n_cases, n_others))


def power_of_auc(auc: float, n_cases: int, n_others: int, alpha: float = 0.05) -> float:
    """Return the power of a two-sided test of an AUC against 0.5.

    Variance of Obuchowski, Acad Radiol 1:22 (1994), with the constants of Obuchowski et al., Clin Chem 50:1118 (2004).
    """
    ratio = n_others / n_cases
    z = (sqrt(n_cases) * (auc - 0.5) - NormalDist().inv_cdf(1 - alpha / 2) * sqrt(_binormal(0.5, ratio))) / sqrt(
        _binormal(auc, ratio)
    )
    return NormalDist().cdf(z)


def _binormal(auc: float, ratio: float) -> float:
    a = NormalDist().inv_cdf(auc) * 1.414
    return 0.0099 * exp(-a * a / 2) * ((5 * a * a + 8) + (a * a + 8) / ratio)


def people_to_develop(n_parameters: int, prevalence: float, r2: float, shrinkage: float = 0.9) -> tuple[int, int, int]:
    """Return how many people three criteria want for developing a model: shrinkage, optimism, overall risk.

    r2: the expected Cox-Snell R squared. Riley et al., Stat Med 38:1276 (2019); BMJ 368:m441 (2020).
    """
    highest = 1 - exp(2 * (prevalence * log(prevalence) + (1 - prevalence) * log(1 - prevalence)))
    wanted = r2 / (r2 + 0.05 * highest)
    first, second = (n_parameters / ((s - 1) * log(1 - r2 / s)) for s in (shrinkage, wanted))
    third = (1.96 / 0.05) ** 2 * prevalence * (1 - prevalence)
    return ceil(first), ceil(second), ceil(third - 1e-9)
