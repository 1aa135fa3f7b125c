"""One participant of a simulated study, whole: the person, the images of this world, defects, files and truth.

A participant's folder is written beside its place and moved there when it is whole, so what is there is finished, and
a command that was stopped goes on where it was.
"""

import json
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from modelling.engine.phantom.anatomy import CHOICES
from modelling.engine.phantom.answers import make_answers
from modelling.engine.phantom.defects import (
    BURNED_IN,
    CLIPPED,
    MISSING,
    MOTION,
    WRONG_SIDE,
    Defect,
    burn_in,
    clip_field,
    draw_defect,
)  # fmt: skip
from modelling.engine.phantom.dicom_writer import MARK, Identity, as_filed, write_dicom
from modelling.engine.phantom.images import Images, make_images
from modelling.engine.phantom.isq_writer import write_isq
from modelling.engine.phantom.outcomes import (
    BY_MARKER,
    BY_SCANNER,
    BY_SIZE,
    FILM_BLIND,
    PLAIN,
    PQCT_BLIND,
    scale_strength,
)
from modelling.engine.phantom.person import REFERENCE_DAY, Person
from modelling.engine.phantom.scanner import PIXEL_MM
from modelling.engine.phantom.stratec_writer import write_stratec
from modelling.engine.phantom.strength import OUTCOME_MM, Mechanics, average_voxels, find_mechanics
from modelling.engine.phantom.twin import FIRST_SLICE_MM, Twin, make_twin
from modelling.engine.phantom.worlds import make_person

STRATEC_SHARE = 0.08
"""Participants who come from a place that has a Stratec scanner and nothing else."""
STRANGERS_FROM = 10_000_000
"""Index from which the people are whose images stand in for somebody else's."""
_SCANNER_SLOPE = 0.94
"""Grey steps of the second film reader of BY_SCANNER over the first's: a shift alone would go with the open field."""
_LOST_ROWS = 0.08
"""Share of its rows a film of BY_SIZE is smaller by."""


@dataclass(frozen=True)
class Plan:
    """What a cohort is to be; two folders of the same plan hold the same bytes."""

    seed: int
    world: str = PLAIN
    voxel_mm: float | None = None
    is_dicom: bool = True
    defect_share: float = 0.0
    stratec_share: float = STRATEC_SHARE
    visit_on: date = REFERENCE_DAY
    has_wedge: bool = False
    """An aluminium step wedge lies on each film."""


@dataclass(frozen=True)
class Participant:
    """Somebody of a cohort with all that was made of them."""

    person: Person
    images: Images
    twin: Twin
    mechanics: Mechanics | None
    """None where the microstructure is averaged."""
    defect: Defect | None
    is_stratec_only: bool
    is_marked: bool
    """By the confounder of a world that has one."""


def make_participant(plan: Plan, index: int) -> Participant:
    """Return the participant of an index. Raises ValueError for a world, voxel or share that is none."""
    person = make_person(plan.seed, index, plan.world)
    twin = make_twin(person, plan.voxel_mm)
    mechanics = None
    if twin.segments:
        mechanics = find_mechanics(twin.segments[0], person)
        strength, load = np.array(mechanics.strength_n), np.array(mechanics.fall_load_n)
        relative = float(scale_strength(strength, load))
        person = make_person(plan.seed, index, plan.world, relative)
    rng = person.stream(CHOICES)
    is_marked = bool(rng.random() < (0.9 if person.has_op else 0.1))
    is_stratec_only = bool(rng.random() < plan.stratec_share)
    defect = draw_defect(rng, plan.defect_share)
    images = _make_images(plan, person, twin, is_marked, defect)
    return Participant(person, images, twin, mechanics, defect, is_stratec_only, is_marked)


def _make_images(plan: Plan, person: Person, twin: Twin, is_marked: bool, defect: Defect | None) -> Images:
    what = defect.name if defect else None
    marker = None if plan.world == BY_MARKER and is_marked else "true"
    motion = 0.8 if what == MOTION else 0.0
    images = make_images(person, marker=marker, motion=motion, twin=twin, has_wedge=plan.has_wedge)
    if plan.world in {FILM_BLIND, PQCT_BLIND}:
        stranger = make_person(plan.seed, STRANGERS_FROM + person.index)
        other = make_images(stranger, images.side, motion=motion, voxel_mm=plan.voxel_mm, has_wedge=plan.has_wedge)
        images = (
            replace(images, film=other.film, exposure=other.exposure, dxa=other.dxa, regions=other.regions)
            if plan.world == FILM_BLIND
            else replace(images, pqct=other.pqct, pqct_z_mm=other.pqct_z_mm, hrpqct=other.hrpqct)
        )
    film = images.film
    if plan.world == BY_SCANNER and is_marked:
        film = replace(film, values=np.round(film.values * _SCANNER_SLOPE).astype(np.uint16))
    if plan.world == BY_SIZE and is_marked:
        film = replace(film, values=film.values[:, : round(film.values.shape[1] * (1 - _LOST_ROWS))])
    if what == BURNED_IN:
        film = burn_in(film, f"SIMULATED^PERSON {person.index:04d} {person.born_on.isoformat()}")
    images = replace(images, film=film)
    return clip_field(images) if what == CLIPPED else images


def write_participant(plan: Plan, index: int, folder: Path) -> None:
    """Write the folder of one participant, unless it is there already and whole."""
    if folder.is_dir():
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    one = make_participant(plan, index)
    if plan.is_dicom:
        _write_scans(plan, one, unfinished)
    else:
        _write_tensors(one, unfinished / "images.npz")
    write_json(unfinished / "truth.json", make_truth(one, plan))
    answers = make_answers(one.person, one.images.regions, plan.visit_on)
    write_json(unfinished / "answers.json", {"mark": MARK} | answers)
    unfinished.rename(folder)


def identify(plan: Plan, person: Person, *, is_second_scanner: bool = False) -> Identity:
    """Return whom the headers name."""
    return Identity(
        patient_id=f"SIM-{plan.seed}-{person.index:04d}",
        name=f"Simulated^Person {person.index:04d}",
        born_on=person.born_on,
        taken_at=datetime(plan.visit_on.year, plan.visit_on.month, plan.visit_on.day, 9, 30, tzinfo=UTC),
        accession=f"SIM{plan.seed}{person.index:04d}",
        station="SIM-ROOM-2" if is_second_scanner else "SIM-ROOM-1",
    )


def _write_scans(plan: Plan, one: Participant, folder: Path) -> None:
    person, images = one.person, one.images
    identity = identify(plan, person, is_second_scanner=plan.world == BY_SCANNER and one.is_marked)
    is_wrong = one.defect is not None and one.defect.name == WRONG_SIDE
    side = {"L": "R", "R": "L"}[images.side] if is_wrong else images.side
    if one.is_stratec_only:
        for number, density in enumerate(images.pqct.values, 1):
            path = folder / f"I{person.index % 100_000:05d}{number:02d}.M01"
            name, dates = f"{MARK} {person.index:04d} {side}", (person.born_on, plan.visit_on)
            write_stratec(path, density, PIXEL_MM, name, f"SIM{person.index:04d}", dates)
        return
    written = write_dicom(images, identity, folder, header_side=side)
    missing = one.defect.missing if one.defect and one.defect.name == MISSING else None
    for path in written:
        if missing and path.name.startswith(missing):
            path.unlink()
    if images.hrpqct is not None and missing != "hrpqct":
        name = f"{MARK} SIM-{plan.seed}-{person.index:04d}"
        voxel = images.hrpqct.spacing_mm[0]
        path = folder / "hrpqct.isq"
        write_isq(path, images.hrpqct.values, voxel, name, side, plan.visit_on, FIRST_SLICE_MM)


def _write_tensors(one: Participant, path: Path) -> None:
    """Write the images as arrays: film in grey steps as filed, DXA in g/cm2, pQCT in mg HA/cm3, HR-pQCT at 0.244 mm.

    They are made of the images, as the scanners' files are: nothing of the person reaches one and not the other.
    """
    missing = one.defect.missing if one.defect and one.defect.name == MISSING else None
    images = one.images
    arrays: dict[str, Any] = {"pqct": images.pqct.values}
    if not one.is_stratec_only:
        arrays |= {"film": as_filed(images), "dxa": images.dxa.values}
        if images.hrpqct is not None:
            arrays["hrpqct"] = average_voxels(images.hrpqct.values, images.hrpqct.spacing_mm[0], OUTCOME_MM)[0]
    arrays.pop(str(missing), None)
    np.savez(path, mark=np.array(MARK.encode()), **arrays)


def make_truth(one: Participant, plan: Plan) -> dict[str, Any]:
    """Return all that is true of a participant, what made the images included; NaN becomes null."""
    person = {name: None if value != value else value for name, value in asdict(one.person).items()}  # noqa: PLR0124
    mechanics = None
    if one.mechanics is not None:
        mechanics = asdict(one.mechanics) | {"factor_of_risk": one.mechanics.factor_of_risk}
    return {
        "mark": MARK,
        "world": plan.world,
        "voxel_mm": one.twin.voxel_mm,
        "side": one.images.side,
        "born_on": one.person.born_on.isoformat(),
        "person": person,
        "bv_tv": one.person.tb_vbmd / one.person.tb_tissue,
        "mechanics": mechanics,
        "forearm_dxa": {name: asdict(region) for name, region in one.images.regions.items()},
        "pqct_z_mm": list(one.images.pqct_z_mm),
        "defect": None if one.defect is None else asdict(one.defect),
        "is_stratec_only": one.is_stratec_only,
        "is_marked": one.is_marked,
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON a person can read."""
    path.write_text(json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")
