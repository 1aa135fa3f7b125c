"""What the forms work out themselves (pure). Decimal arithmetic throughout: 165.0 - 159.8 is 5.2 (CLINICAL 8).

Each function takes the answers of one form and what is known of the participant, and returns the value, or None where
an answer it rests on is missing: missing stays missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import Any, Final

from cohort.crf import fractures, scores
from cohort.study.limits import span_of
from cohort.study.schedule import BY_CODE, add_months

Answers = Mapping[str, Any]
Result = int | float | str | None


@dataclass(frozen=True)
class Known:
    """What a form may rest on beside its own answers.

    age_y: completed years on the day of the visit. baseline_on: day of the baseline; imaged_on: of baseline imaging.
    others: answers of other forms, by variable.
    """

    sex: str = ""
    age_y: int | None = None
    birth_year: int | None = None
    visit_code: str = ""
    visit_on: date | None = None
    baseline_on: date | None = None
    imaged_on: date | None = None
    others: Answers | None = None

    def other(self, variable: str) -> Any:
        """Return an answer of another form; None where there is none."""
        return (self.others or {}).get(variable)


def number(answers: Answers, name: str) -> Decimal | None:
    """Return a numeric answer exactly as it was typed."""
    value = answers.get(name)
    return None if value is None else Decimal(str(value))


def rounded(value: Decimal, n_decimals: int) -> float:
    """Return a number with so many decimals, halves away from zero."""
    return float(value.quantize(Decimal(1).scaleb(-n_decimals), rounding=ROUND_HALF_UP))


def _yes(condition: bool) -> str:
    return "1" if condition else "0"


def mean_of_closest_pair(values: list[Decimal]) -> Decimal | None:
    """Return the mean of the two values that lie closest; of two pairs equally close, the middle value."""
    if len(values) < 2:
        return values[0] if values else None
    least = min(abs(one - other) for one, other in combinations(values, 2))
    pairs = [(one + other) / 2 for one, other in combinations(values, 2) if abs(one - other) == least]
    return sum(pairs, Decimal(0)) / len(pairs)


def height_cm(answers: Answers, known: Known) -> Result:
    """Height used, cm: the mean of the closest pair of up to three; a single one does not count yet."""
    values = [value for name in ("ht1", "ht2", "ht3") if (value := number(answers, name)) is not None]
    mean = mean_of_closest_pair(values) if len(values) > 1 else None
    return None if mean is None else rounded(mean, 2)


def ht_loss(answers: Answers, known: Known) -> Result:
    """Height lost since young adulthood, cm."""
    before, now = number(answers, "ht_recall"), number({"h": height_cm(answers, known)}, "h")
    return None if before is None or now is None else rounded(before - now, 1)


def bmi(answers: Answers, known: Known) -> Result:
    """Body mass index, kg/m2: weight divided by the square of the height, to one decimal."""
    weight, height = number(answers, "weight_kg"), number({"h": height_cm(answers, known)}, "h")
    return None if weight is None or height is None else rounded(weight / (height / 100) ** 2, 1)


def smk_packyr(answers: Answers, known: Known) -> Result:
    """Pack-years: cigarettes a day / 20 times years smoked; nought for somebody who never smoked."""
    if answers.get("smk_status") == "0":
        return 0.0
    a_day, years = number(answers, "smk_cpd"), number(answers, "smk_years")
    return None if a_day is None or years is None else rounded(a_day / 20 * years, 1)


def alc_frax(answers: Answers, known: Known) -> Result:
    """Three or more units of alcohol a day: 21 a week is yes."""
    units = number(answers, "alc_units_wk")
    return None if units is None else _yes(units / 7 >= 3)


def meno_early(answers: Answers, known: Known) -> Result:
    """Last period before 45."""
    if known.sex != "F" or answers.get("meno_status") not in {"3", "4", "5"}:
        return None
    age = number(answers, "meno_age")
    return "9" if age is None else _yes(age < 45)


FRAX_SECONDARY: Final = frozenset(
    ("dm1", "hyperthy", "hypopit", "hypogon", "oi", "coeliac", "ibd", "bariatric", "pancreat", "anorexia", "liver")
)
"""Conditions FRAX counts as secondary osteoporosis (CLINICAL 2.3)."""


def mh_frax2(answers: Answers, known: Known) -> Result:
    """Whether a condition counts as a FRAX secondary cause."""
    condition, present = answers.get("mh_cond"), answers.get("mh_present")
    if condition is None or present in {None, "9"}:
        return None
    return _yes(condition in FRAX_SECONDARY and present in {"1", "2"})


MG_LIKE_5_MG_PREDNISOLONE: Final = {
    "hydrocortisone": Decimal(20),
    "cortisone": Decimal(25),
    "methylprednisolone": Decimal(4),
    "triamcinolone": Decimal(4),
    "deflazacort": Decimal(6),
    "dexamethasone": Decimal("0.75"),
    "betamethasone": Decimal("0.75"),
    "prednisone": Decimal(5),
    "prednisolone": Decimal(5),
}
"""Oral doses, mg, that equal 5 mg of prednisolone (CLINICAL 2.3)."""

DAYS_OF_PERIOD: Final = {"d": Decimal(1), "wk": Decimal(7), "mo": Decimal("30.4375"), "6mo": Decimal("182.625")}
DAYS_OF_PERIOD["a"] = Decimal("365.25")


def med_pred_eq(answers: Answers, known: Known) -> Result:
    """Prednisolone equivalent of an oral glucocorticoid, mg a day."""
    name = str(answers.get("med_name") or "").strip().lower().partition(" ")[0]
    dose, times = number(answers, "med_dose"), number(answers, "med_freq")
    days = DAYS_OF_PERIOD.get(str(answers.get("med_period")))
    like_five = MG_LIKE_5_MG_PREDNISOLONE.get(name)
    if answers.get("med_unit") != "mg" or dose is None or times is None or days is None or like_five is None:
        return None
    return rounded(dose * times / days / like_five * 5, 2)


def pq_bsi(answers: Answers, known: Known) -> Result:
    """Bone strength index in compression, mg2/mm4: total area times the square of total density in g/cm3."""
    area, density = number(answers, "pq_tot_a"), number(answers, "pq_tot_den")
    return None if area is None or density is None else rounded(area * (density / 1000) ** 2, 2)


def vf_loss(answers: Answers, known: Known) -> Result:
    """Greatest loss of height within one vertebra, %: against the tallest of its three heights."""
    heights = [value for name in ("vf_h_ant", "vf_h_mid", "vf_h_post") if (value := number(answers, name)) is not None]
    return rounded(100 * (max(heights) - min(heights)) / max(heights), 2) if len(heights) == 3 else None


HOLOGIC_NHANES: Final = {"FN": (Decimal("0.858"), Decimal("0.120")), "TH": (Decimal("0.942"), Decimal("0.122"))}
"""Young mean and SD, g/cm2, of White women 20-29, on the Hologic scale (CLINICAL 3.4). No other scale may use them."""


def dxa_t_calc(answers: Answers, known: Known) -> Result:
    """T-score recomputed where the reference printed is Hologic's NHANES III; None for every other reference."""
    printed = str(answers.get("dxa_ref") or "").lower()
    reference = HOLOGIC_NHANES.get(str(answers.get("dxa_roi") or "").partition("_")[0])
    value = number(answers, "dxa_bmd")
    if reference is None or value is None or "hologic" not in printed or "nhanes" not in printed:
        return None
    return rounded((value - reference[0]) / reference[1], 1)


def img_protocol_side(answers: Answers, known: Known) -> Result:
    """The forearm the protocol wants: the one that is not dominant; of two alike, the left."""
    hand = known.other("hand_dom")
    return {"R": "L", "L": "R", "B": "L"}.get(str(hand)) if hand else None


def img_side_dom(answers: Answers, known: Known) -> Result:
    """Whether the side scanned is the dominant one."""
    hand, side = known.other("hand_dom"), answers.get("img_side")
    if side is None or hand not in {"L", "R"}:
        return None
    return "D" if side == hand else "N"


def fu_due(answers: Answers, known: Known) -> Result:
    """The day the follow-up is due: so many months after the baseline."""
    kind = BY_CODE.get(known.visit_code)
    if known.baseline_on is None or kind is None:
        return None
    return add_months(known.baseline_on, kind.after_months).isoformat()


def fe_days(answers: Answers, known: Known) -> Result:
    """Days from baseline imaging to the fracture; None while the day is known in part only."""
    text = answers.get("fe_date")
    if not text or known.imaged_on is None or len(str(text)) < 10:
        return None
    return (span_of(str(text))[0] - known.imaged_on).days


def q_pct(answers: Answers, known: Known) -> Result:
    """Per cent from the baseline of a phantom."""
    value, base = number(answers, "q_value"), number(answers, "q_base_mean")
    return None if value is None or not base else rounded(100 * (value - base) / base, 2)


CALCULATIONS: Final[dict[str, Callable[[Answers, Known], Result]]] = {
    "age_y": lambda answers, known: known.age_y,
    "height_cm": height_cm,
    "ht_loss": ht_loss,
    "bmi": bmi,
    "fxh_fragility_rule": lambda answers, known: fractures.judge_answers(answers),
    "fxh_after50": lambda answers, known: fractures.is_after_50(answers, known.birth_year),
    "fxh_mof": lambda answers, known: fractures.is_major(answers.get("fxh_site")),
    "smk_packyr": smk_packyr,
    "alc_frax": alc_frax,
    "meno_early": meno_early,
    "mh_frax2": mh_frax2,
    "med_pred_eq": med_pred_eq,
    "grip_max": lambda answers, known: scores.find_best_grip(answers),
    "gait_speed": lambda answers, known: scores.find_gait_speed(answers),
    "sppb": lambda answers, known: scores.add_sppb(answers),
    "lab_egfr": lambda answers, known: scores.estimate_gfr(answers, known.sex, known.age_y),
    "img_side_dom": img_side_dom,
    "img_protocol_side": img_protocol_side,
    "dxa_t_calc": dxa_t_calc,
    "pq_bsi": pq_bsi,
    "vf_loss": vf_loss,
    "fu_due": fu_due,
    "fe_days": fe_days,
    "q_pct": q_pct,
}

ELSEWHERE: Final[dict[str, str]] = {
    "scr_age": "told at screening, kept there",
    "scr_over50": "judged at screening",
    "con_reconsent_due": "told by the consents themselves",
    "vis_due": "a visit's own day",
    "vis_complete": "counted over the forms of a visit",
    "gc_cum_g": "wants every medicine ever taken, which no form asks",
    "img_qc_ok": "told by the devices' quality control",
    "xr_lat_agree": "told by the images: header and marker beside the form",
    "lb_final": "told by readings and adjudication",
    "pr_rmssd": "over all repeats of the precision study, not one row",
    "pr_lsc": "over all repeats of the precision study, not one row",
}
"""Calculated fields that no form works out, and who does."""


def calculate(variables: list[str], answers: Answers, known: Known) -> dict[str, int | float | str]:
    """Return the calculated values of a form that can be worked out now."""
    found = {name: CALCULATIONS[name](answers, known) for name in variables if name in CALCULATIONS}
    return {name: value for name, value in found.items() if value is not None}
