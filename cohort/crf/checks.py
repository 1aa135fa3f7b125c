"""Rules over several answers (pure; CLINICAL 2.7): hard ones refuse, soft ones want a comment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cohort.crf.calculations import Known, dxa_t_calc, height_cm
from cohort.study.limits import span_of

Answers = Mapping[str, Any]
Test = Callable[[Answers, Known], bool]

HARD, SOFT, UNDONE = "hard", "soft", "undone"
"""undone: nothing is wrong yet, but the form cannot be complete like this."""


@dataclass(frozen=True)
class Rule:
    """A rule of one form. `at`: the question the sentence stands at; `rests_on`: the answers it looks at."""

    key: str
    form: str
    level: str
    at: str
    rests_on: tuple[str, ...]
    words: str
    is_broken: Test


def _n(answers: Answers, name: str) -> Decimal | None:
    value = answers.get(name)
    return None if value is None else Decimal(str(value))


def _apart(one: str, other: str, more_than: str) -> Test:
    def test(answers: Answers, known: Known) -> bool:
        a, b = _n(answers, one), _n(answers, other)
        return a is not None and b is not None and abs(a - b) > Decimal(more_than)

    return test


def _above(one: str, other: str) -> Test:
    def test(answers: Answers, known: Known) -> bool:
        a, b = _n(answers, one), _n(answers, other)
        return a is not None and b is not None and a > b

    return test


def _third_height_missing(answers: Answers, known: Known) -> bool:
    return _apart("ht1", "ht2", "0.5")(answers, known) and answers.get("ht3") is None


def _height_changed(answers: Answers, known: Known) -> bool:
    before, now = known.other("before.height_cm"), height_cm(answers, known)
    return before is not None and now is not None and abs(Decimal(str(now)) - Decimal(str(before))) > 2


def _weight_changed(answers: Answers, known: Known) -> bool:
    before, now = known.other("before.weight_kg"), _n(answers, "weight_kg")
    return bool(before) and now is not None and abs(now - Decimal(str(before))) > Decimal("0.1") * Decimal(str(before))


def _age_and_date_disagree(answers: Answers, known: Known) -> bool:
    age, text = _n(answers, "fxh_age"), answers.get("fxh_date")
    if age is None or not text or known.birth_year is None:
        return False
    years = span_of(str(text))[0].year - known.birth_year
    # In the year of the birthday itself either age is right.
    return not years - 2 <= age <= years + 1


def _menopause_after_age(answers: Answers, known: Known) -> bool:
    age = _n(answers, "meno_age")
    return age is not None and known.age_y is not None and age > known.age_y


def _never_smoked_but(answers: Answers, known: Known) -> bool:
    return answers.get("smk_status") == "0" and (_n(answers, "smk_cpd") or 0) > 0


def _smoked_too_long(answers: Answers, known: Known) -> bool:
    years = _n(answers, "smk_years")
    return years is not None and known.age_y is not None and years > known.age_y - 8


def _printed_t_differs(answers: Answers, known: Known) -> bool:
    printed, computed = _n(answers, "dxa_t"), dxa_t_calc(answers, known)
    return printed is not None and computed is not None and abs(printed - Decimal(str(computed))) > Decimal("0.1")


def _content_differs(answers: Answers, known: Known) -> bool:
    density, content, area = _n(answers, "dxa_bmd"), _n(answers, "dxa_bmc"), _n(answers, "dxa_area")
    if density is None or content is None or not area:
        return False
    return abs(content / area - density) > Decimal("0.005") * density


def _grip_differs(answers: Answers, known: Known) -> bool:
    for side in "lr":
        found = [value for n in "123" if (value := _n(answers, f"grip_{side}{n}")) is not None]
        if len(found) > 1 and max(found) - min(found) > 10:
            return True
    return False


def _no_reason_for_repeat(answers: Answers, known: Known) -> bool:
    return (_n(answers, "img_attempts") or 0) > 1 and not answers.get("img_repeat_why")


def _not_between_compartments(answers: Answers, known: Known) -> bool:
    whole, inner, outer = _n(answers, "hr_tt_vbmd"), _n(answers, "hr_tb_vbmd"), _n(answers, "hr_ct_vbmd")
    return whole is not None and inner is not None and outer is not None and not inner <= whole <= outer


def _fracture_before_imaging(answers: Answers, known: Known) -> bool:
    text = answers.get("fe_date")
    return bool(text) and known.imaged_on is not None and span_of(str(text))[1] <= known.imaged_on


def _event_ends_first(answers: Answers, known: Known) -> bool:
    start, end = answers.get("ae_start"), answers.get("ae_end")
    return bool(start and end) and str(end) < str(start)


RULES: Final[tuple[Rule, ...]] = (
    Rule("Q04", "ant", UNDONE, "ht3", ("ht1", "ht2", "ht3"), "Take a third height.", _third_height_missing),
    Rule(
        "Q05",
        "ant",
        SOFT,
        "ht2",
        ("ht1", "ht2", "ht3"),
        "The height differs by more than 2 cm from last time: check it; if true, review for a vertebral fracture.",
        _height_changed,
    ),
    Rule(
        "Q06",
        "ant",
        SOFT,
        "weight_kg",
        ("weight_kg",),
        "The weight differs by more than 10 % from last time.",
        _weight_changed,
    ),
    Rule(
        "arms",
        "ant",
        SOFT,
        "forearm_r",
        ("forearm_l", "forearm_r"),
        "The forearms differ by more than 1.5 cm.",
        _apart("forearm_l", "forearm_r", "1.5"),
    ),
    Rule(
        "Q08",
        "rep",
        SOFT,
        "meno_age",
        ("meno_age",),
        "The last period lies after today's age: check the order.",
        _menopause_after_age,
    ),
    Rule(
        "Q09",
        "fxh",
        SOFT,
        "fxh_age",
        ("fxh_age", "fxh_date"),
        "Age and date of the fracture disagree by more than a year.",
        _age_and_date_disagree,
    ),
    Rule(
        "Q10",
        "fxe",
        HARD,
        "fe_date",
        ("fe_date",),
        "Not a new fracture: it lies before baseline imaging. Move it to the past fractures.",
        _fracture_before_imaging,
    ),
    Rule(
        "Q11", "fal", HARD, "fal_inj", ("fal_inj", "fal_12m"), "More injuries than falls.", _above("fal_inj", "fal_12m")
    ),
    Rule(
        "Q13",
        "lif",
        HARD,
        "smk_cpd",
        ("smk_cpd", "smk_status"),
        "Somebody who never smoked has no cigarettes a day.",
        _never_smoked_but,
    ),
    Rule(
        "smoked",
        "lif",
        HARD,
        "smk_years",
        ("smk_years",),
        "The years smoked are more than the age allows.",
        _smoked_too_long,
    ),
    Rule("grips", "phy", SOFT, "grip_r3", ("grip_r3",), "Grips of one side differ by more than 10 kg.", _grip_differs),
    Rule(
        "Q18",
        "dxa",
        SOFT,
        "dxa_t",
        ("dxa_t", "dxa_bmd", "dxa_ref", "dxa_roi"),
        "The printed T-score differs by more than 0.1 from the recomputed one: check the reference or the typing.",
        _printed_t_differs,
    ),
    Rule(
        "Q19",
        "dxa",
        SOFT,
        "dxa_area",
        ("dxa_bmd", "dxa_bmc", "dxa_area"),
        "BMC / area differs from BMD by more than 0.5 %: typing, or another region's row.",
        _content_differs,
    ),
    Rule(
        "Q22",
        "hrp",
        HARD,
        "hr_tt_vbmd",
        ("hr_tt_vbmd", "hr_tb_vbmd", "hr_ct_vbmd"),
        "Total density must lie between trabecular and cortical density.",
        _not_between_compartments,
    ),
    Rule(
        "Q27",
        "img",
        UNDONE,
        "img_repeat_why",
        ("img_attempts", "img_repeat_why"),
        "A repeat needs its reason.",
        _no_reason_for_repeat,
    ),
    Rule("ends", "aev", HARD, "ae_end", ("ae_start", "ae_end"), "The end lies before the start.", _event_ends_first),
    Rule(
        "hips",
        "rsk",
        HARD,
        "rsk_hip10",
        ("rsk_hip10", "rsk_mof10"),
        "The risk of a hip fracture cannot be above that of a major one.",
        _above("rsk_hip10", "rsk_mof10"),
    ),
)


def find_broken(form: str, answers: Answers, known: Known) -> list[Rule]:
    """Return the rules of a form that its answers break."""
    return [rule for rule in RULES if rule.form == form and rule.is_broken(answers, known)]
