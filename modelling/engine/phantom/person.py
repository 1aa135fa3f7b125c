"""One invented person: body, forearm, falls. Drawn for many at once, from numbers that hang on seed and index alone.

Traits of the forearm are joined by a Gaussian copula, so that size, cortex and trabeculae vary partly by themselves:
a phantom whose every trait follows one latent would make any model look perfect. Medians of women follow the
reference group of DeepQCT (medRxiv 2024.04.01.24305147): Ct.Th 0.95 mm, Ct.vBMD 890 and Tb.vBMD 100 mg HA/cm3,
Tb.N 1.1 /mm; men are larger and thicker (Burt et al., Bone 2014, rounded).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

REFERENCE_DAY = date(2026, 6, 1)
"""The day on which `age_y` holds; birth dates are reckoned back from it."""

# fmt: off
LATENTS = (
    "sex", "age", "height", "bmi", "menopause", "falls", "frailty", "hand", "area", "ct_th", "tb_vbmd", "ct_vbmd",
    "shaft_area", "shaft_ct", "tb_n", "length", "axial", "spine", "neck", "hip", "fx", "falls_count",
    "porosity", "tissue", "spare", "op_label", "fx_label",
)
# fmt: on
BONE = ("area", "ct_th", "tb_vbmd", "ct_vbmd", "shaft_area", "shaft_ct", "tb_n")
BONE_CORRELATION = np.array(
    [
        [1.00, 0.10, -0.15, -0.10, 0.60, 0.20, 0.00],
        [0.10, 1.00, 0.50, 0.45, 0.10, 0.60, 0.35],
        [-0.15, 0.50, 1.00, 0.35, 0.00, 0.40, 0.65],
        [-0.10, 0.45, 0.35, 1.00, 0.00, 0.40, 0.25],
        [0.60, 0.10, 0.00, 0.00, 1.00, 0.25, 0.00],
        [0.20, 0.60, 0.40, 0.40, 0.25, 1.00, 0.25],
        [0.00, 0.35, 0.65, 0.25, 0.00, 0.25, 1.00],
    ]
)
"""Between the traits of BONE, in that order, at one age, sex and body mass."""
_WOMEN = {"area": (258.0, 34.0), "ct_th": (0.93, 0.15), "tb_vbmd": (98.0, 30.0), "ct_vbmd": (880.0, 42.0)}
_MEN = {"area": (372.0, 44.0), "ct_th": (1.10, 0.17), "tb_vbmd": (132.0, 34.0), "ct_vbmd": (888.0, 42.0)}
_WOMEN |= {"shaft_area": (104.0, 12.0), "shaft_ct": (2.50, 0.32), "tb_n": (1.08, 0.14)}
_MEN |= {"shaft_area": (142.0, 16.0), "shaft_ct": (2.95, 0.36), "tb_n": (1.20, 0.15)}
_AGE_EFFECT = {"ct_th": 0.040, "tb_vbmd": 0.038, "ct_vbmd": 0.035, "shaft_ct": 0.040, "tb_n": 0.025}
"""SD lost a year after 68."""


@dataclass(frozen=True)
class People:
    """Body, forearm and falls of n people; each array has the shape (n,)."""

    index: NDArray[np.int64]
    is_woman: NDArray[np.bool_]
    age_y: Floats
    height_cm: Floats
    weight_kg: Floats
    bmi: Floats
    """kg/m2."""
    menopause_y: Floats
    """Age at the last period; NaN for men."""
    is_right_handed: NDArray[np.bool_]
    forearm_mm: Floats
    """Ulnar styloid to olecranon."""
    area_mm2: Floats
    """Tt.Ar of the radius at 4 % of the forearm."""
    ct_th_mm: Floats
    tb_vbmd: Floats
    """mg HA/cm3."""
    ct_vbmd: Floats
    """mg HA/cm3, porosity included."""
    shaft_area_mm2: Floats
    """Total area of the radius at 33 %."""
    shaft_ct_mm: Floats
    tb_n: Floats
    """1/mm."""
    ct_po: Floats
    """Share of the distal cortex that is canals (0 to 1)."""
    tb_tissue: Floats
    """Mineral of a trabecula, mg HA/cm3: what `tb_vbmd` is divided by to give BV/TV."""
    fall_tendency: Floats
    """Log of the falls expected in a year."""
    falls: NDArray[np.int64]
    """Falls in the last 12 months."""
    frailty: Floats
    """SD units; no form and no image shows it."""


def draw_latents(seed: int, indices: Sequence[int]) -> dict[str, Floats]:
    """Return one standard normal number a latent and person, each array of shape (n,).

    A person hangs on `seed` and the own index alone: the tenth is the same in a cohort of 10 and of 1,000.
    """
    rows = [np.random.default_rng([seed, index]).standard_normal(len(LATENTS)) for index in indices]
    table = np.stack(rows) if rows else np.empty((0, len(LATENTS)))
    return {name: table[:, column] for column, name in enumerate(LATENTS)}


def normal_share(values: Floats) -> Floats:
    """Return the share of a standard normal below each value (0 to 1)."""
    return np.asarray(ndtr(values))


def make_people(latents: dict[str, Floats], indices: Sequence[int]) -> People:
    """Return the people that the latents of `draw_latents` describe."""
    is_woman = latents["sex"] < 0.84
    age = np.clip(68.0 + 8.5 * latents["age"], 52.0, 91.0)
    height = np.where(is_woman, 161.5, 175.0) + np.where(is_woman, 6.0, 6.8) * latents["height"] - 0.07 * (age - 68.0)
    bmi = 26.3 * np.exp(0.155 * latents["bmi"])
    last_period = np.minimum(np.clip(50.2 + 3.8 * latents["menopause"], 38.0, 57.0), age - 1.0)
    menopause = np.where(is_woman, last_period, np.nan)
    bone = _make_bone(latents, is_woman, age, bmi, menopause)
    tendency = -0.95 + 0.035 * (age - 68.0) + 0.65 * latents["falls"]
    return People(
        index=np.asarray(indices, dtype=np.int64),
        is_woman=is_woman,
        age_y=age,
        height_cm=height,
        weight_kg=bmi * (height / 100.0) ** 2,
        bmi=bmi,
        menopause_y=menopause,
        is_right_handed=latents["hand"] < 1.28,
        forearm_mm=np.where(is_woman, 244.0, 268.0) + 0.9 * (height - np.where(is_woman, 161.5, 175.0))
        + 6.0 * latents["length"],
        area_mm2=bone["area"],
        ct_th_mm=bone["ct_th"],
        tb_vbmd=bone["tb_vbmd"],
        ct_vbmd=bone["ct_vbmd"],
        shaft_area_mm2=bone["shaft_area"],
        shaft_ct_mm=bone["shaft_ct"],
        tb_n=bone["tb_n"],
        ct_po=_make_porosity(latents, age, bone["ct_vbmd"]),
        tb_tissue=np.clip(930.0 + 30.0 * latents["tissue"], 850.0, 1010.0),
        fall_tendency=tendency,
        falls=_count_falls(np.exp(tendency), normal_share(latents["falls_count"])),
        frailty=latents["frailty"],
    )  # fmt: skip


def _make_bone(
    latents: dict[str, Floats], is_woman: NDArray[np.bool_], age: Floats, bmi: Floats, menopause: Floats
) -> dict[str, Floats]:
    joined = np.stack([latents[name] for name in BONE], axis=1) @ np.linalg.cholesky(BONE_CORRELATION).T
    # Early menopause costs bone; heavier people carry more of it; taller people have wider bones.
    years_early = np.where(is_woman, 50.2 - np.nan_to_num(menopause, nan=50.2), 0.0)
    kept = 0.25 * np.log(bmi / 26.3) / 0.155 - 0.04 * years_early
    found = {}
    for column, name in enumerate(BONE):
        centre = np.where(is_woman, _WOMEN[name][0], _MEN[name][0])
        spread = np.where(is_woman, _WOMEN[name][1], _MEN[name][1])
        loss = _AGE_EFFECT.get(name)
        shift = 0.35 * latents["height"] if loss is None else kept - loss * (age - 68.0)
        found[name] = np.maximum(centre + spread * (joined[:, column] + shift), 0.3 * centre)
    return found


def _make_porosity(latents: dict[str, Floats], age: Floats, ct_vbmd: Floats) -> Floats:
    """Return Ct.Po: log-normal about 1.8 % at 68 years, more with age and where the cortex is less dense.

    The phantom's own curve; its size is that of canals a 61 um scanner can see.
    """
    log = np.log(0.018) + 0.42 * latents["porosity"] + 0.018 * (age - 68.0) - 0.35 * (ct_vbmd - 880.0) / 42.0
    return np.asarray(np.clip(np.exp(log), 0.002, 0.12))


def _count_falls(expected: Floats, share: Floats) -> NDArray[np.int64]:
    """Return Poisson counts by the inverse of their distribution, at most 12."""
    term = np.exp(-expected)
    total = term.copy()
    counts = np.zeros(expected.shape, dtype=np.int64)
    for count in range(1, 13):
        counts += (share > total).astype(np.int64)
        term = term * expected / count
        total = total + term
    return counts


@dataclass(frozen=True)
class Person:
    """One invented person, with the truth nobody in a study knows."""

    seed: int
    index: int
    is_woman: bool
    age_y: float
    height_cm: float
    weight_kg: float
    bmi: float
    menopause_y: float
    is_right_handed: bool
    forearm_mm: float
    area_mm2: float
    ct_th_mm: float
    tb_vbmd: float
    ct_vbmd: float
    shaft_area_mm2: float
    shaft_ct_mm: float
    tb_n: float
    ct_po: float
    tb_tissue: float
    fall_tendency: float
    falls: int
    frailty: float
    abmd_33: float
    """g/cm2, by the formulas of `outcomes`; what an image gives differs by its own error."""
    abmd_ud: float
    strength: float
    """Log of strength over fall load, SD units: by finite elements where the bone was drawn, else by their formula."""
    t_spine: float
    t_neck: float
    t_hip: float
    """T-scores as printed, one decimal."""
    p_op: float
    has_op: bool
    p_fx: float
    has_fx: bool

    @property
    def sex(self) -> str:
        """Return F or M."""
        return "F" if self.is_woman else "M"

    @property
    def born_on(self) -> date:
        """Return the birth date that gives `age_y` on REFERENCE_DAY."""
        return REFERENCE_DAY - timedelta(days=round(365.25 * self.age_y))

    @property
    def scanned_side(self) -> str:
        """Return L or R: the side that does not write."""
        return "L" if self.is_right_handed else "R"

    def stream(self, purpose: int) -> np.random.Generator:
        """Return random numbers for one purpose of this person's images, apart from all others."""
        return np.random.default_rng([self.seed, self.index, purpose])


def pick(people: People, row: int) -> dict[str, Any]:
    """Return the traits of one row as plain numbers, by name."""
    return {field.name: getattr(people, field.name)[row].item() for field in fields(people)}
