"""What a nurse would write down of an invented person, by the variables of the dictionary, typed as forms keep them.

Only what is asked, not what is reckoned: no form's `calc` field. Days fit the visit they are written for.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np

from modelling.engine.phantom.dxa import Region
from modelling.engine.phantom.outcomes import REFERENCE_33, REFERENCE_NAME, REFERENCE_UD
from modelling.engine.phantom.person import Person

Answers = dict[str, list[dict[str, Any]]]

_ANSWERS = 5
"""Purpose of a person's random numbers, beside those of the images."""
FRAGILE_SITES = ("radius_distal", "humerus_prox", "ankle", "rib", "spine", "hip_neck", "pelvis")
_FRAGILE_WEIGHTS = np.array([0.38, 0.16, 0.16, 0.10, 0.10, 0.06, 0.04])
_OTHER = (
    ("radius_distal", "sport"),
    ("clavicle", "sport"),
    ("toe", "fall"),
    ("finger", "crush"),
    ("tibia_shaft", "rta"),
)
_AXIAL = {"LS_L1L4": (1.047, 0.110, 56.0), "FN": (0.858, 0.120, 4.9), "TH": (0.942, 0.122, 34.0)}
"""Young mean and SD, g/cm2 (hip: NHANES III; spine: Hologic women), and a usual area, cm2."""
_YOUNG = {"R_UD": REFERENCE_UD, "R_33": REFERENCE_33, "R_MID": (0.505, 0.052)}


def make_answers(person: Person, regions: dict[str, Region], visit_on: date) -> Answers:
    """Return each form's rows: dem, ant, rep (women), fal, lif, fxh, dxa; a form that does not repeat has one row.

    regions: what the forearm DXA of this person gave.
    """
    rng = person.stream(_ANSWERS)
    found = {
        "dem": [_demographics(person, rng)],
        "ant": [_anthropometry(person, visit_on, rng)],
        "fal": [_falls(person, rng)],
        "lif": [_lifestyle(person, rng)],
        "fxh": _fractures(person, visit_on, rng),
        "dxa": _dxa(person, regions, rng),
    }
    if person.is_woman:
        found["rep"] = [_reproductive(person, rng)]
    return found


def _choose(rng: np.random.Generator, codes: str, weights: list[float]) -> str:
    return str(rng.choice(codes.split(), p=np.array(weights) / sum(weights)))


def _demographics(person: Person, rng: np.random.Generator) -> dict[str, Any]:
    return {
        "sex": person.sex,
        "ethnic": _choose(rng, "W1 W5 A3 B2 M4", [0.93, 0.03, 0.02, 0.01, 0.01]),
        "hand_dom": "R" if person.is_right_handed else "L",
        "hand_basis": "1",
        "educ": int(np.clip(round(17 + 2.5 * rng.standard_normal()), 14, 28)),
        "residence": _choose(rng, "1 2 3", [0.93, 0.05, 0.02]),
        "imd_decile": int(rng.integers(1, 11)),
    }


def _anthropometry(person: Person, visit_on: date, rng: np.random.Generator) -> dict[str, Any]:
    height = round(person.height_cm, 1)
    shrunk = max(0.0, 0.09 * (person.age_y - 50) - 0.8 * person.t_spine * 0.5 + 0.8 * float(rng.standard_normal()))
    length = round(person.forearm_mm / 10, 1)
    return {
        "ant_date": visit_on.isoformat(),
        "ht1": height,
        "ht2": round(height + 0.1 * int(rng.integers(-3, 4)), 1),
        "ht_recall": round(height + shrunk, 1),
        "ht_recall_src": "1",
        "weight_kg": round(person.weight_kg, 1),
        "weight_25": round(person.weight_kg * 0.84 + 3.0 * float(rng.standard_normal()), 1),
        "wt_loss_5": _choose(rng, "1 0", [0.04, 0.96]),
        "forearm_l": length,
        "forearm_r": round(length + 0.1 * int(rng.integers(-4, 5)), 1),
    }


def _reproductive(person: Person, rng: np.random.Generator) -> dict[str, Any]:
    hormones = _choose(rng, "1 0", [0.28, 0.72])
    found: dict[str, Any] = {
        "menarche": int(np.clip(round(12.9 + 1.4 * rng.standard_normal()), 9, 17)),
        "meno_status": "3",
        "meno_age": int(person.menopause_y),
        "hyst": _choose(rng, "1 0", [0.12, 0.88]),
        "ooph": "0",
        "parity": int(rng.poisson(1.8)),
        "hrt_ever": hormones,
        "hrt_now": "0",
        "amen": _choose(rng, "1 0", [0.04, 0.96]),
    }
    if hormones == "1":
        found["hrt_years"] = round(float(rng.uniform(0.5, 10.0)), 1)
    return found


def _falls(person: Person, rng: np.random.Generator) -> dict[str, Any]:
    found: dict[str, Any] = {"fal_12m": person.falls}
    if person.falls:
        found["fal_inj"] = int(rng.binomial(person.falls, 0.35))
    found["fal_soff"] = str(int(np.clip(round(0.6 + 0.6 * person.falls + 0.7 * rng.standard_normal()), 0, 3)))
    found["fal_aid"] = _choose(rng, "0 1 2 3", [0.86, 0.10, 0.01, 0.03]) if person.age_y > 70 else "0"
    found["fal_vision"] = _choose(rng, "1 0", [0.12, 0.88])
    found["fal_dizzy"] = _choose(rng, "1 0", [0.18 if person.falls else 0.08, 0.9])
    return found


def _lifestyle(person: Person, rng: np.random.Generator) -> dict[str, Any]:
    smoking = _choose(rng, "0 1 2", [0.55, 0.36, 0.09])
    found: dict[str, Any] = {"smk_status": smoking}
    if smoking != "0":
        found["smk_cpd"] = int(rng.integers(3, 26))
        found["smk_years"] = round(float(rng.uniform(3.0, min(45.0, person.age_y - 20.0))), 1)
    found["alc_units_wk"] = round(float(np.clip(rng.exponential(6.0), 0, 45)), 1)
    found["pa_gppaq"] = _choose(rng, "1 2 3 4", [0.3, 0.3, 0.25, 0.15])
    found["pa_impact"] = int(rng.integers(0, 6))
    found["ca_diet"] = int(np.clip(round(850 + 260 * rng.standard_normal(), -1), 250, 1900))
    found["vd_supp"] = int(rng.choice([0, 400, 800, 1000], p=[0.5, 0.2, 0.2, 0.1]))
    return found


def _fractures(person: Person, visit_on: date, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return one row a fracture: low-trauma ones where the truth says so, others for some people."""
    rows: list[dict[str, Any]] = []
    if person.has_fx:
        for number in range(1 + int(rng.random() < 0.22)):
            site = str(rng.choice(FRAGILE_SITES, p=_FRAGILE_WEIGHTS))
            row = _fracture(person, visit_on, rng, site, since=max(50.0, person.age_y - 18.0))
            lifted = site == "spine" and rng.random() < 0.6
            # Only a second fracture is a matter for adjudication, so that each truth has a clear first.
            height = "2" if number and rng.random() < 0.5 else "0"
            rows.append(row | ({"fxh_mech": "lift"} if lifted else {"fxh_mech": "fall", "fxh_height": height}))
    if rng.random() < 0.18:
        site, mechanism = _OTHER[int(rng.integers(len(_OTHER)))]
        row = _fracture(person, visit_on, rng, site, since=20.0) | {"fxh_mech": mechanism}
        rows.append(row | ({"fxh_height": "0"} if mechanism == "fall" else {}))
    return rows or [{"fxh_any": "0"}]


def _fracture(person: Person, visit_on: date, rng: np.random.Generator, site: str, *, since: float) -> dict[str, Any]:
    days_old = (visit_on - person.born_on).days
    day = person.born_on + timedelta(days=int(rng.uniform(365.25 * since, days_old - 60)))
    row: dict[str, Any] = {"fxh_any": "1", "fxh_site": site}
    if site == "spine":
        row["fxh_vlevel"] = _choose(rng, "T8 T11 T12 L1 L2", [1, 1, 2, 2, 1])
    elif site == "pelvis":
        row["fxh_side"] = "N"
    else:
        # A wrist is broken on the writing side, so that the side that is scanned tells nothing of a fracture.
        row["fxh_side"] = {"L": "R", "R": "L"}[person.scanned_side] if "radius" in site else _choose(rng, "L R", [1, 1])
    row["fxh_date"] = day.isoformat()[:7] if rng.random() < 0.6 else day.isoformat()[:4]
    row["fxh_age"] = int((day - person.born_on).days / 365.25)
    treated = {"hip_neck": ["3", "4"], "radius_distal": ["2"], "ankle": ["2"]}
    row["fxh_treated"] = treated.get(site, ["1"])
    row["fxh_evid"] = _choose(rng, "1 2 3 4", [0.25, 0.30, 0.35, 0.10])
    return row


def _dxa(person: Person, regions: dict[str, Region], rng: np.random.Generator) -> list[dict[str, Any]]:
    rows = []
    printed = {"LS_L1L4": person.t_spine, "FN": person.t_neck, "TH": person.t_hip}
    for name, t_score in printed.items():
        mean, sd, usual = _AXIAL[name]
        area = round(usual * (person.height_cm / 163.0) * (1.0 + 0.05 * float(rng.standard_normal())), 2)
        bmd = round(max(0.3, mean + sd * t_score), 3)
        roi = name if name == "LS_L1L4" else f"{name}_{person.scanned_side}"
        rows.append(_dxa_row(roi, bmd, area, t_score, "Hologic 2012, US, women"))
    for name, region in regions.items():
        mean, sd = _YOUNG[name]
        row = _dxa_row(name, round(region.bmd, 3), round(region.area, 2), (region.bmd - mean) / sd, REFERENCE_NAME)
        row["dxa_arm_len"] = round(person.forearm_mm / 10, 1)
        if name != "R_MID":
            row["dxa_posture"] = "1"
        if name == "R_UD":
            row["dxa_roi_shift"] = 0.0
        rows.append(row)
    return rows


def _dxa_row(roi: str, bmd: float, area: float, t_score: float, reference: str) -> dict[str, Any]:
    # A form takes content over area for density; of less than a gram, two decimals alone would miss by a percent.
    content = round(bmd * area, 2)
    return {
        "dxa_roi": roi,
        "dxa_bmd": bmd,
        "dxa_bmc": content,
        "dxa_area": round(content / bmd, 2),
        "dxa_t": round(t_score, 1) + 0.0,
        "dxa_ref": reference,
        "dxa_excl": "0",
        "dxa_compare": "0",
    }
