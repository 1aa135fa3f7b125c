"""What may be learned from for which task: task x variable → input, label or forbidden, with the reason (pure).

This is a page to be read by people. First come whole forms and families; then single variables that differ from
their form. The snapshot builder refuses a forbidden variable by name, the launch page shows what is left out and
why, every report prints the table. Sources: DECISIONS 1 of the design; CLINICAL 1.6 and 1.7; TRUST 1.2 (leaks).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from modelling.engine.training.fields import ANSWERS, FIELDS_OF_FORM, IMAGES, MEASUREMENTS, NHANES_COLUMNS


class Use(StrEnum):
    """What a variable is in a task."""

    INPUT = "input"
    LABEL = "label"
    FORBIDDEN = "forbidden"


INPUT, LABEL, FORBIDDEN = Use.INPUT, Use.LABEL, Use.FORBIDDEN

OP_WHO, FX_FRAG, FX_INC, FX_WRIST_PAST = "OP_WHO", "FX_FRAG", "FX_INC", "FX_WRIST_PAST"
ABMD_UD, ABMD_33, T_33, PQCT_INDICES, FE_STRENGTH = "ABMD_UD", "ABMD_33", "T_33", "PQCT_INDICES", "FE_STRENGTH"

TASKS: dict[str, str] = {
    OP_WHO: "osteoporosis by hip or spine DXA (T at or below -2.5)",
    FX_FRAG: "a past low-trauma fracture",
    FX_INC: "a low-trauma fracture after baseline imaging",
    FX_WRIST_PAST: "a past wrist fracture, told by the person (public NHANES table)",
    ABMD_UD: "areal BMD of the ultradistal forearm",
    ABMD_33: "areal BMD of the 33 % forearm",
    T_33: "T-score of the 33 % forearm by a named reference",
    PQCT_INDICES: "densities and areas by pQCT",
    FE_STRENGTH: "stiffness and failure load by finite elements",
}
COHORT = tuple(task for task in TASKS if task != FX_WRIST_PAST)
FOREARM_BMD = (ABMD_UD, ABMD_33, T_33)
FRACTURE = (FX_FRAG, FX_INC)
REGRESSION = (*FOREARM_BMD, PQCT_INDICES, FE_STRENGTH)


@dataclass(frozen=True)
class Ruling:
    """What one variable is in one task, and why."""

    use: Use
    reason: str


@dataclass(frozen=True)
class Rule:
    """What some forms or variables are: for every task of our own cohort, but for the tasks that differ."""

    names: str
    use: Use
    reason: str
    differs: Mapping[tuple[str, ...], Ruling] = field(default_factory=dict)

    def rule_on(self, task: str) -> Ruling:
        """Return what this says for a task."""
        return next((found for tasks, found in self.differs.items() if task in tasks), Ruling(self.use, self.reason))


_PUBLIC_TASK: dict[tuple[str, ...], Ruling] = {
    (FX_WRIST_PAST,): Ruling(FORBIDDEN, "the task belongs to the public NHANES table, which lacks it")
}
_AFTER = "dated after baseline imaging: it was not known when the model has to answer"
_PROCESS = "tells of the scanner and the clinic's ways, not of the bone (leak by process)"
_RUNS_STUDY = "runs the study; it is no fact of the person's bone"

FORMS: tuple[Rule, ...] = (
    Rule("dem ant fam lif rep gcs phy lab", INPUT, "known at baseline, before and apart from any label", _PUBLIC_TASK),
    Rule("fal", INPUT, "falls of the year before baseline", _PUBLIC_TASK),
    Rule("mhx", INPUT, "conditions told at baseline", _PUBLIC_TASK),
    Rule("med", INPUT, "medicines begun before baseline; those begun later are never read", _PUBLIC_TASK),
    Rule(
        "fxh",
        INPUT,
        "past fractures are history here",
        {
            (FX_FRAG,): Ruling(FORBIDDEN, "past fractures are what is to be predicted"),
            **_PUBLIC_TASK,
        },
    ),
    Rule(
        "rsk",
        FORBIDDEN,
        "a tool's result may hold past fractures, or the BMD of the femoral neck; its own inputs are offered instead",
    ),
    Rule(
        "dxa",
        FORBIDDEN,
        "values of the DXA report; the forearm is offered as its image and what is measured in it",
        {(OP_WHO,): Ruling(LABEL, "hip and spine T-scores make the label"), FOREARM_BMD: Ruling(LABEL, "the target")},
    ),
    Rule(
        "pqc",
        INPUT,
        "pQCT of the forearm at baseline",
        {
            (PQCT_INDICES,): Ruling(LABEL, "the target"),
            (FE_STRENGTH,): Ruling(FORBIDDEN, "measured in the volume the strength is computed from"),
            **_PUBLIC_TASK,
        },
    ),
    Rule(
        "hrp",
        INPUT,
        "HR-pQCT of the forearm at baseline",
        {
            (PQCT_INDICES,): Ruling(FORBIDDEN, "the same quantities by another scanner"),
            (FE_STRENGTH,): Ruling(FORBIDDEN, "measured in the volume the strength is computed from"),
            **_PUBLIC_TASK,
        },
    ),
    Rule("vfa", FORBIDDEN, "vertebral readings come from the central scan and are outcomes themselves"),
    Rule("lbl", LABEL, "readings and adjudications are the label", _PUBLIC_TASK),
    Rule(
        "fxe",
        FORBIDDEN,
        _AFTER,
        {(FX_INC,): Ruling(LABEL, "fractures after baseline imaging are what is to be predicted")},
    ),
    Rule("inc", FORBIDDEN, "an incidental finding tells the T-score or the fracture"),
    Rule("fup eos aev", FORBIDDEN, _AFTER),
    Rule("scr con vis dev wdr prt", FORBIDDEN, _RUNS_STUDY),
    Rule("img xrq qcd prc", FORBIDDEN, _PROCESS),
)
"""Form of the case report form → what its variables are."""

FAMILIES: tuple[Rule, ...] = (
    Rule("film image.film", INPUT, "radiograph of the forearm at baseline", _PUBLIC_TASK),
    Rule(
        "dxa image.dxa",
        INPUT,
        "forearm DXA, as long as the 33 % radius is not part of that participant's label",
        {
            FOREARM_BMD: Ruling(FORBIDDEN, "the target is read from this image"),
            **_PUBLIC_TASK,
        },
    ),
    Rule(
        "pqct image.pqct",
        INPUT,
        "pQCT of the forearm at baseline",
        {
            (PQCT_INDICES,): Ruling(FORBIDDEN, "the target is measured in this image"),
            (FE_STRENGTH,): Ruling(FORBIDDEN, "the target is computed from this bone's volume"),
            **_PUBLIC_TASK,
        },
    ),
    Rule(
        "hrpqct image.hrpqct",
        INPUT,
        "HR-pQCT of the forearm at baseline",
        {
            (PQCT_INDICES,): Ruling(FORBIDDEN, "the same quantities by another scanner"),
            (FE_STRENGTH,): Ruling(FORBIDDEN, "the target is computed from this volume"),
            **_PUBLIC_TASK,
        },
    ),
    Rule(
        "fe",
        INPUT,
        "computed from the forearm's volume; a model fed with it is marked as taught by FE",
        {(FE_STRENGTH,): Ruling(LABEL, "the target"), **_PUBLIC_TASK},
    ),
)
"""Family of measurements, and the images themselves → what they are."""

_TELLS_FRACTURE = "tells of a past fracture"
_FREE_TEXT = "free text can name anything, the label too"

VARIABLES: tuple[Rule, ...] = (
    Rule("dob", FORBIDDEN, "identifies; age stands in for it"),
    Rule("ant_date lab_date", FORBIDDEN, "a date; nothing dated enters a snapshot"),
    Rule("grip_dev mh_detail med_name fxh_activity", FORBIDDEN, _FREE_TEXT),
    Rule(
        "pq_mode pq_speed pq_voxel pq_ref_ok pq_len hr_ipl hr_gen hr_offset_mode hr_offset_mm hr_offset_pct "
        "hr_slices hr_refline_ok hr_reader2",
        FORBIDDEN,
        _PROCESS,
    ),
    Rule(
        "hr_fe_stiff hr_fe_load",
        INPUT,
        "finite elements at baseline",
        {
            (FE_STRENGTH,): Ruling(LABEL, "the target"),
            (PQCT_INDICES,): Ruling(FORBIDDEN, "computed from the same volume"),
            **_PUBLIC_TASK,
        },
    ),
    Rule("med_start med_stop med_last_dose mh_start fxh_date", FORBIDDEN, "a date; nothing dated enters a snapshot"),
    Rule("gender ghaht hand_basis phy_notdone ht_recall_src", FORBIDDEN, "explains another answer; no input itself"),
    Rule(
        "fxh_fragility_rule fxh_any",
        INPUT,
        "past fractures are history here",
        {(FX_FRAG,): Ruling(LABEL, "what is to be predicted"), **_PUBLIC_TASK},
    ),
    Rule("fu_fx_any es_last_known", FORBIDDEN, _AFTER, {(FX_INC,): Ruling(LABEL, "tells who had no fracture so far")}),
    Rule("xr_oa", INPUT, "osteoarthritis seen on the baseline film", _PUBLIC_TASK),
    Rule("xr_old_fx", FORBIDDEN, _TELLS_FRACTURE),
    Rule("meno_status", INPUT, "menopause at baseline; it also chooses between T and Z", _PUBLIC_TASK),
)
"""Single variables that differ from their form."""

ONE_ANSWER: tuple[Rule, ...] = (
    Rule(
        "bone_medicines",
        INPUT,
        "medicines begun before baseline; those begun later are never read",
        {(FX_FRAG,): Ruling(FORBIDDEN, "often begun after the fracture and because of it"), **_PUBLIC_TASK},
    ),
)
"""Single answers of a list that differ from their variable."""

_NOT_OURS = Ruling(FORBIDDEN, "a column of the public NHANES table, which has no label for this task")

NHANES: tuple[Rule, ...] = (
    Rule("OSQ010B", LABEL, "ever told of a broken wrist: what is to be predicted"),
    Rule("OSQ020B OSD030BA", FORBIDDEN, "asked only of those who broke a wrist: its presence is the label"),
    Rule("OSQ010A OSQ020A OSD030AA", FORBIDDEN, "tells of another past fracture (hip)"),
    Rule("OSQ010C OSQ020C OSD030CA", FORBIDDEN, "tells of another past fracture (spine)"),
    Rule("OSQ080", FORBIDDEN, "tells of other past fractures"),
    Rule("OSQ060", FORBIDDEN, "a diagnosis of osteoporosis, often made because of a fracture"),
    Rule("OSQ072", FORBIDDEN, "treatment of osteoporosis, asked only of those with the diagnosis"),
    Rule("RIAGENDR RIDAGEYR RIDRETH3", INPUT, "sex, age and group as told in the interview"),
    Rule("AGE_TOP_CODED", INPUT, "the survey gives everybody of 80 and over the age 80; this says for whom"),
    Rule("BMXWT BMXHT BMXBMI", INPUT, "measured in the examination"),
    Rule("SMQ020 SMQ040", INPUT, "smoking as told in the interview"),
    Rule("OSQ130", INPUT, "prednisone or cortisone nearly every day for a month or longer, ever"),
    Rule("OSQ150", INPUT, "a parent told of osteoporosis: family history, not the person's own diagnosis"),
    Rule("OSQ170 OSQ200", INPUT, "a parent's hip fracture: family history"),
    Rule("SEQN", FORBIDDEN, "the survey's own number of the person"),
    Rule("CYCLE SDMVPSU SDMVSTRA", FORBIDDEN, "how the survey was drawn; kept for its design, never learned from"),
    Rule(
        "WTINT2YR WTMEC2YR WTINTPRP WTMECPRP WT_COMBINED",
        FORBIDDEN,
        "a survey weight: it says for how many somebody stands; it weighs, and is not learned from",
    ),
)
"""Columns of the public table "NHANES fracture history", for the task FX_WRIST_PAST; for every other task forbidden."""


def _spread(rules: tuple[Rule, ...], members: dict[str, str]) -> dict[str, Rule]:
    """Return variable → rule for rules that name groups of variables."""
    found: dict[str, Rule] = {}
    for rule in rules:
        for group in rule.names.split():
            for name in members.get(group, "").split() or [group]:
                if name in found:
                    raise ValueError(f"'{name}' is ruled on twice")
                found[name] = rule
    return found


_RULE_OF: dict[str, Rule] = {
    **_spread(FORMS, FIELDS_OF_FORM),
    **_spread(FAMILIES, MEASUREMENTS),
    **_spread(VARIABLES, {}),
    **_spread(ONE_ANSWER, ANSWERS),
}
_NHANES_RULE_OF = _spread(NHANES, {})


def classify(task: str, variable: str) -> Ruling:
    """Return what a variable is in a task.

    variable: a name of the dictionary, a measurement, `image.<modality>`, or a column of the public table. A part
    after `@` says which row or answer of a list is meant (`pq_tot_den@4`); few answers are ruled on by themselves.
    Raises ValueError for a task or a variable nobody has classified.
    """
    if task not in TASKS:
        raise ValueError(f"'{task}' is no task; there are: {', '.join(TASKS)}")
    name = variable if variable in _RULE_OF else variable.partition("@")[0]
    if name in _NHANES_RULE_OF:
        return _NHANES_RULE_OF[name].rule_on(task) if task == FX_WRIST_PAST else _NOT_OURS
    if name not in _RULE_OF:
        raise ValueError(f"'{variable}' is classified for no task; say in admissible.py what it may be used for")
    return _RULE_OF[name].rule_on(task)


def list_variables() -> list[str]:
    """Return every variable that is classified, in the order of the forms."""
    groups = [*FIELDS_OF_FORM.values(), *ANSWERS.values(), *MEASUREMENTS.values(), IMAGES, NHANES_COLUMNS]
    return [name for group in groups for name in group.split()]


def list_rulings(task: str) -> Iterator[tuple[str, str, Ruling]]:
    """Yield (form or family, variable, ruling) of a task, in the order of the forms: for pages and reports."""
    measured = {f"measured in {name}": names for name, names in MEASUREMENTS.items()}
    answers = {name.replace("_", " "): names for name, names in ANSWERS.items()}
    for group, names in {**FIELDS_OF_FORM, **answers, **measured, "images": IMAGES, "nhanes": NHANES_COLUMNS}.items():
        for variable in names.split():
            yield group, variable, classify(task, variable)
