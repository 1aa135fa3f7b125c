"""The true risks: from forearm, body and falls to axial T-scores and to low-trauma fracture. Pure.

Osteoporosis is a matter of spine and hip, which share only part with the forearm (r 0.49 to 0.67 measured; MODELLING
6.2). Fracture hangs on strength, falls, age and a frailty nobody sees; at least half of it is not strength.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.person import Floats, People, normal_share

REFERENCE_33 = (0.649, 0.059)
REFERENCE_UD = (0.375, 0.056)
"""Mean and SD of young women, g/cm2, of the phantom's own invented curve."""
REFERENCE_NAME = "Trabecula phantom curve 1, women"

PLAIN, FILM_BLIND, PQCT_BLIND, FE_BLIND = "plain", "film-blind", "pqct-blind", "fe-blind"
BY_SCANNER, BY_MARKER, BY_SIZE, LABELS_RANDOM = "by-scanner", "by-marker", "by-size", "labels-random"
WORLDS = {
    PLAIN: "everything tells what it should",
    FILM_BLIND: "the radiograph and the DXA picture are a stranger's",
    PQCT_BLIND: "pQCT and HR-pQCT are a stranger's",
    FE_BLIND: "strength has no part in fractures",
    BY_SCANNER: "nine of ten with osteoporosis were imaged on another scanner, one of ten without",
    BY_MARKER: "the lead letter is missing where osteoporosis is, nine times of ten",
    BY_SIZE: "the film is smaller where osteoporosis is, nine times of ten",
    LABELS_RANDOM: "labels are drawn by lot",
}
"""Worlds in which later work must report each input for what it is."""
FORMULA_TRAITS = ("area_mm2", "ct_th_mm", "ct_vbmd", "tb_vbmd")
"""What `expected_strength` is made of."""
_FORMULA_N, _FORMULA_POWERS = 0.2201, (0.50, 0.78, 0.88, 0.13)
STRENGTH_MEAN, STRENGTH_SD = -0.020, 0.233
"""Of the logarithm of strength over fall load, over the cohort."""
STRENGTH_APART = 0.021
"""SD of the logarithm of what finite elements say over what `expected_strength` does."""
FALL_LOAD_N = 2500.0
"""Load on the wrist of a person of 163 cm and 70 kg who falls; the phantom's own choice of scale."""
PREVALENCE_OP, PREVALENCE_FX = 0.21, 0.22
AXIAL_SD = 0.80
"""SD of what spine and hip share and the forearm does not tell, in T-score units."""
SITES = {"spine": (0.05, 0.60), "neck": (-0.15, 0.40), "hip": (0.15, 0.40)}
"""Shift and SD of each axial site beside the shared axial value, T-score units."""


@dataclass(frozen=True)
class Outcomes:
    """What is true of n people; each array has the shape (n,)."""

    abmd_33: Floats
    """g/cm2."""
    abmd_ud: Floats
    strength: Floats
    t_spine: Floats
    t_neck: Floats
    t_hip: Floats
    p_op: Floats
    has_op: NDArray[np.bool_]
    p_fx: Floats
    has_fx: NDArray[np.bool_]


def make_outcomes(
    people: People, latents: dict[str, Floats], world: str = PLAIN, strength: Floats | None = None
) -> Outcomes:
    """Return T-scores, true probabilities and labels.

    world: one of WORLDS. strength: (n,) as `relative_strength` scales it, where it was measured on the bone itself.

    p_op is the probability of a lowest printed axial T at or below -2.5 given everything of the person but spine
    and hip; p_fx that of a past low-trauma fracture given everything.
    """
    abmd_33, abmd_ud = shaft_density(people), ultradistal_density(people)
    mean = axial_mean(people, abmd_33, abmd_ud)
    shared = mean + AXIAL_SD * latents["axial"]
    printed = {name: np.round(shared + shift + sd * latents[name], 1) for name, (shift, sd) in SITES.items()}
    strength = relative_strength(people) if strength is None else strength
    p_fx = fracture_risk(people, latents["spare"] if world == FE_BLIND else strength)
    p_op = osteoporosis_risk(mean)
    has_op = np.minimum.reduce(list(printed.values())) <= -2.5
    has_fx = normal_share(latents["fx"]) < p_fx
    if world == LABELS_RANDOM:
        p_op, p_fx = np.full_like(p_op, PREVALENCE_OP), np.full_like(p_fx, PREVALENCE_FX)
        has_op, has_fx = normal_share(latents["op_label"]) < p_op, normal_share(latents["fx_label"]) < p_fx
    return Outcomes(
        abmd_33=abmd_33,
        abmd_ud=abmd_ud,
        strength=strength,
        t_spine=printed["spine"],
        t_neck=printed["neck"],
        t_hip=printed["hip"],
        p_op=p_op,
        has_op=has_op,
        p_fx=p_fx,
        has_fx=has_fx,
    )


def shaft_density(people: People) -> Floats:
    """Return aBMD at 33 %, g/cm2: mineral of a tube a length over its width.

    A tube of outer radius R and wall c has the cortical area pi (2 R c - c2). The ridged outline of `anatomy` throws
    a shadow 4.7 % wider than a round one of the same area.
    """
    radius = np.sqrt(people.shaft_area_mm2 / np.pi)
    wall = np.minimum(people.shaft_ct_mm, 0.85 * radius)
    area = np.pi * (2.0 * radius * wall - wall**2)
    return np.asarray(area * shaft_mineral(people.ct_vbmd) / (1.047 * 2.0 * radius) / 1e4)


def shaft_mineral(ct_vbmd: Floats) -> Floats:
    """Return the mineral density of the shaft's cortex, mg HA/cm3: it is less porous than the distal one."""
    return 1.14 * ct_vbmd


def ultradistal_density(people: People) -> Floats:
    """Return aBMD at 4 %, g/cm2: mineral of shell and core a length over the width of an ellipse of aspect 1.35."""
    radius = np.sqrt(people.area_mm2 / np.pi)
    shell = np.pi * (2.0 * radius * people.ct_th_mm - people.ct_th_mm**2)
    mineral = shell * people.ct_vbmd + (people.area_mm2 - shell) * people.tb_vbmd
    return np.asarray(mineral / (2.0 * radius * np.sqrt(1.35)) / 1e4)


def forearm_t(people_33: Floats, people_ud: Floats) -> Floats:
    """Return the mean of the T-scores of both forearm regions."""
    return 0.5 * (people_33 - REFERENCE_33[0]) / REFERENCE_33[1] + 0.5 * (people_ud - REFERENCE_UD[0]) / REFERENCE_UD[1]


def axial_mean(people: People, abmd_33: Floats, abmd_ud: Floats) -> Floats:
    """Return the axial T-score to be expected from forearm, body mass and age."""
    mass = np.log(people.bmi / 26.3) / 0.155
    return -0.62 + 0.52 * forearm_t(abmd_33, abmd_ud) + 0.22 * mass - 0.020 * (people.age_y - 68.0)


def osteoporosis_risk(mean: Floats) -> Floats:
    """Return P(lowest printed T of spine, neck and hip <= -2.5) for an expected axial T-score.

    Printed at one decimal, so a T below -2.45 counts. Given the shared axial value the sites are independent; the
    shared value is integrated by Gauss and Hermite with 24 points.
    """
    points, weights = np.polynomial.hermite_e.hermegauss(24)
    shared = mean[:, None] + AXIAL_SD * points[None, :]
    none = np.ones_like(shared)
    for shift, sd in SITES.values():
        none *= normal_share((shared + shift + 2.45) / sd)
    return np.asarray((1.0 - none) @ (weights / weights.sum()))


def expected_strength(people: People) -> Floats:
    """Return the failure load, N, that finite elements are to be expected to find of the scanned piece of radius.

    A product of powers of the traits, fitted to drawn radii (`python -m bench.phantom_strength`): cohorts whose bones
    are averaged have no volume of their own to break.
    """
    powers = [
        power * np.log(getattr(people, name)) for name, power in zip(FORMULA_TRAITS, _FORMULA_POWERS, strict=True)
    ]
    return np.asarray(_FORMULA_N * np.exp(np.sum(powers, axis=0)))


def fall_load(height_cm: Floats, weight_kg: Floats) -> Floats:
    """Return the load of a fall, N: it goes with the root of height fallen and mass (energy into a spring)."""
    return np.asarray(FALL_LOAD_N * np.sqrt(height_cm / 163.0 * weight_kg / 70.0))


def relative_strength(people: People) -> Floats:
    """Return the log of the expected strength over fall load, in SD units about the cohort's mean."""
    return scale_strength(expected_strength(people), fall_load(people.height_cm, people.weight_kg))


def scale_strength(strength_n: Floats, load_n: Floats) -> Floats:
    """Return strength over fall load as its logarithm in SD units about the cohort's mean."""
    return np.asarray((np.log(strength_n / load_n) - STRENGTH_MEAN) / STRENGTH_SD)


def fracture_logit_parts(people: People, strength: Floats) -> dict[str, Floats]:
    """Return what adds to the log odds of a past low-trauma fracture, by source."""
    return {
        "strength": -1.05 * strength,
        "falls": 1.05 * (people.fall_tendency + 0.95),
        "age": 0.035 * (people.age_y - 68.0),
        "frailty": 0.90 * people.frailty,
    }


def fracture_risk(people: People, strength: Floats) -> Floats:
    """Return P(at least one low-trauma fracture so far)."""
    logit = -1.93 + np.sum(list(fracture_logit_parts(people, strength).values()), axis=0)
    return np.asarray(1.0 / (1.0 + np.exp(-logit)))
