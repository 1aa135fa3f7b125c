"""The metrics a report can hold: name, unit, which way is better, what computes it and where it is from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from modelling.engine.metrics import agreement, bootstrap, calibration, discrimination, net_benefit, proportions

Better = Literal["higher", "lower", "near 0", "near 1"]


@dataclass(frozen=True)
class Metric:
    """One metric. unit: "1" for a pure number."""

    name: str
    title: str
    unit: str
    better: Better
    compute: Callable[..., Any]
    source: str


_ALL: Final = (
    Metric("auc", "AUC", "1", "higher", discrimination.delong_logit_interval, "DeLong 1988; Pepe 2003"),
    Metric(
        "auc_plain", "AUC, plain DeLong", "1", "higher", discrimination.delong_interval, "DeLong 1988; Sun & Xu 2014"
    ),
    Metric("auc_bootstrap", "AUC, bootstrap", "1", "higher", bootstrap.bootstrap_auc, "Efron 1987"),
    Metric("auc_weighted", "AUC, survey weights", "1", "higher", discrimination.weighted_auc, "Hanley & McNeil 1982"),
    Metric("auc_partial", "Partial AUC", "1", "higher", discrimination.partial_auc, "McClish 1989"),
    Metric("sensitivity", "Sensitivity", "1", "higher", proportions.wilson, "Wilson 1927"),
    Metric("specificity", "Specificity", "1", "higher", proportions.wilson, "Wilson 1927"),
    Metric("ppv", "Positive predictive value", "1", "higher", proportions.wilson, "Wilson 1927"),
    Metric("npv", "Negative predictive value", "1", "higher", proportions.wilson, "Wilson 1927"),
    Metric("brier", "Brier score", "1", "lower", calibration.brier_interval, "Brier 1950"),
    Metric("o_e", "Observed over expected", "1", "near 1", calibration.observed_over_expected, "Debray 2017"),
    Metric("slope", "Calibration slope", "1", "near 1", calibration.recalibrate, "Cox 1958"),
    Metric("intercept", "Calibration intercept", "log odds", "near 0", calibration.recalibrate, "Cox 1958"),
    Metric("e_avg", "Mean calibration error", "1", "near 0", calibration.smooth_calibration, "Harrell 2015"),
    Metric("spiegelhalter", "Spiegelhalter's z", "1", "near 0", calibration.spiegelhalter_z, "Spiegelhalter 1986"),
    Metric("net_benefit", "Net benefit", "true positives a person", "higher", net_benefit.net_benefit, "Vickers 2006"),
    Metric("icc", "Intraclass correlation", "1", "higher", agreement.intraclass, "Shrout & Fleiss 1979"),
    Metric("ccc", "Concordance correlation", "1", "higher", agreement.concordance, "Lin 1989, 2000"),
    Metric("bias", "Mean difference", "of the measurement", "near 0", agreement.bland_altman, "Bland & Altman 1986"),
)

METRICS: Final[Mapping[str, Metric]] = MappingProxyType({metric.name: metric for metric in _ALL})
if len(METRICS) != len(_ALL):
    raise ValueError("two metrics have one name")
