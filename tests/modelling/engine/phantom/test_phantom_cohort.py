"""Whole cohorts: worlds in which the truth is switched, defects, real files of every scanner, resumed and refused."""

import hashlib
import json
from dataclasses import replace
from datetime import date

import numpy as np
import pydicom
import pytest

from cohort.formats.isq import read_isq, read_isq_header, vax_g
from cohort.formats.limits import Limits
from cohort.formats.stratec import read_stratec, read_stratec_header
from modelling.engine.features.wedge import find_wedge
from modelling.engine.phantom.aluminium import ROOM_MM, WEDGE, transmit
from modelling.engine.phantom.anatomy import CHOICES
from modelling.engine.phantom.cli import main
from modelling.engine.phantom.cohort import STRANGERS_FROM, Plan, make_participant, write_participant
from modelling.engine.phantom.defects import DEFECTS, Defect, burn_in, clip_field, draw_defect
from modelling.engine.phantom.dicom_writer import as_filed
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.isq_writer import to_vax_g, write_isq
from modelling.engine.phantom.outcomes import LABELS_RANDOM, PLAIN, PREVALENCE_OP, WORLDS
from modelling.engine.phantom.projections import COARSE, FILM_SCALE
from modelling.engine.phantom.stratec_writer import CALIBRATION, write_stratec
from modelling.engine.phantom.worlds import make_person, make_world, oracle_auc
from tests.modelling.engine.phantom.phantoms import SEED, VOXEL_MM, images_of

MANY = range(4000)
DAY = date(2026, 6, 1)


def make(world, index, **other):
    return make_participant(Plan(SEED, world, stratec_share=0.0, **other), index)


def test_in_the_plain_world_strength_tells_of_fractures():
    outcomes = make_world(1, MANY).outcomes
    assert oracle_auc(-outcomes.strength, outcomes.has_fx) > 0.65


def test_where_strength_has_no_part_it_tells_only_what_age_shares_with_it():
    plain, blind = make_world(1, MANY).outcomes, make_world(1, MANY, "fe-blind").outcomes
    told = [oracle_auc(-one.strength, one.has_fx) for one in (plain, blind)]
    assert told[1] < 0.62 < told[0]
    assert blind.has_fx.mean() == pytest.approx(plain.has_fx.mean(), abs=0.03)
    assert oracle_auc(blind.p_fx, blind.has_fx) > 0.78


def test_labels_by_lot_follow_nothing():
    outcomes = make_world(1, MANY, LABELS_RANDOM).outcomes
    assert set(outcomes.p_op) == {PREVALENCE_OP}
    assert outcomes.has_op.mean() == pytest.approx(PREVALENCE_OP, abs=0.02)
    assert oracle_auc(-outcomes.abmd_33, outcomes.has_op) == pytest.approx(0.5, abs=0.03)


def test_people_are_the_same_in_every_world():
    bodies = {make_person(SEED, 3, world).weight_kg for world in WORLDS}
    assert len(bodies) == 1


def test_a_world_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="the world 'flat'; wanted one of plain, film-blind"):
        make_person(SEED, 0, "flat")


def test_the_film_of_the_film_blind_world_is_a_strangers():
    own, blind = images_of(0, make_person(SEED, 0).scanned_side), make("film-blind", 0).images
    stranger = make_images(make_person(SEED, STRANGERS_FROM), own.side)
    assert (blind.film.values == stranger.film.values).all()
    assert (blind.dxa.values == stranger.dxa.values).all()
    assert (blind.pqct.values == own.pqct.values).all()


def test_the_pqct_of_the_pqct_blind_world_is_a_strangers():
    own, blind = images_of(0, make_person(SEED, 0).scanned_side), make("pqct-blind", 0).images
    assert (blind.film.values == own.film.values).all()
    assert not (blind.pqct.values == own.pqct.values).all()


def write_arrays(folder, world, index=0):
    plan = Plan(SEED, world, voxel_mm=VOXEL_MM, is_dicom=False, stratec_share=0.0)
    write_participant(plan, index, folder / world)
    with np.load(folder / world / "images.npz") as found:
        return dict(found)


def test_the_stack_of_the_pqct_blind_world_is_a_strangers_in_arrays_too(tmp_path):
    own, blind = (write_arrays(tmp_path, world) for world in (PLAIN, "pqct-blind"))
    assert own["film"].tobytes() == blind["film"].tobytes()
    assert own["pqct"].tobytes() != blind["pqct"].tobytes()
    stacks = [one["hrpqct"] for one in (own, blind)]
    assert stacks[0].shape != stacks[1].shape or not np.array_equal(*stacks)
    # A film in an array is exposed as one in a file is.
    images = make(PLAIN, 0, voxel_mm=VOXEL_MM).images
    assert np.array_equal(own["film"], as_filed(images))
    assert images.exposure.offset != 0


@pytest.mark.parametrize("world", ["by-scanner", "by-marker", "by-size"])
def test_a_planted_confounder_marks_the_film_and_nothing_else(world):
    # Nine of ten with osteoporosis are marked, so the first of them whose lot is below 0.9 is.
    people = (make_person(SEED, index, world) for index in range(50))
    marked = make(world, next(one.index for one in people if one.has_op and one.stream(CHOICES).random() < 0.9))
    assert marked.is_marked
    plain = images_of(marked.person.index, marked.images.side)
    film = marked.images.film.values
    assert film.shape != plain.film.values.shape or not (film == plain.film.values).all()
    assert (marked.images.pqct.values == plain.pqct.values).all()


def test_the_second_scanner_cannot_be_taken_off_with_the_open_field():
    """A shift of all greys would be: cohort/datasets measures attenuation from the open field of each film."""
    people = (make_person(SEED, index) for index in range(50))
    index = next(one.index for one in people if one.has_op and one.stream(CHOICES).random() < 0.9)
    film, plain = (make(world, index).images.film.values.astype(float) for world in ("by-scanner", PLAIN))
    slope = np.polyfit(plain.ravel(), film.ravel(), 1)[0]
    assert slope == pytest.approx(0.94, abs=1e-3)


def test_nine_of_ten_cases_are_marked_and_one_of_ten_others():
    marks, cases = [], []
    for index in MANY:
        person = make_person(SEED, index) if index < 400 else None
        if person is None:
            break
        marks.append(person.stream(9).random() < (0.9 if person.has_op else 0.1))
        cases.append(person.has_op)
    marks, cases = np.array(marks), np.array(cases)
    assert marks[cases].mean() == pytest.approx(0.9, abs=0.08)
    assert marks[~cases].mean() == pytest.approx(0.1, abs=0.05)


def test_each_defect_is_drawn_and_a_share_of_none_draws_none():
    rng = np.random.default_rng(0)
    drawn = {found.name for found in (draw_defect(rng, 1.0) for _ in range(100)) if found}
    assert drawn == set(DEFECTS)
    assert all(draw_defect(rng, 0.0) is None for _ in range(100))


def test_a_share_of_defects_above_one_is_refused():
    with pytest.raises(ValueError, match=r"a share of defects of 1\.5; wanted 0 to 1"):
        draw_defect(np.random.default_rng(0), 1.5)


def test_a_burned_in_name_changes_the_upper_edge_of_the_film_only():
    film = images_of(0).film
    found = burn_in(film, "SIMULATED^PERSON")
    changed = np.nonzero((found.values != film.values)[0])
    assert changed[0].size > 200
    assert changed[0].max() < 40
    assert (film.values[0, :40] == 60_000).sum() == 0


@pytest.mark.parametrize("side", ["R", "L"])
def test_a_clipped_field_loses_the_radius_and_keeps_the_ulna(side):
    images = make_images(make_person(SEED, 0), side)
    cut = clip_field(images)
    assert cut.film.values.shape[2] == 320
    lost = images.film.values[0, :, :160] if side == "R" else images.film.values[0, :, 320:]
    # The lead letter lies on the thumb's side.
    assert (lost > 5e4).any()
    assert not (cut.film.values > 5e4).any()


def test_a_wedge_lies_beside_the_wrist_and_changes_nothing_of_it():
    plain, wedged = (make(PLAIN, 2, has_wedge=has_wedge).images.film for has_wedge in (False, True))
    room = (wedged.values.shape[2] - plain.values.shape[2]) // 2
    assert room == round(ROOM_MM / COARSE.pixel_mm)
    # Photons are counted anew on a wider film, so the middle is alike but for their noise.
    middle = wedged.values[0, 150:500, room + 100 : -room - 100].astype(float)
    assert np.abs(middle - plain.values[0, 150:500, 100:-100]).mean() * FILM_SCALE < 0.05
    film = wedged.values[0] * FILM_SCALE
    np.testing.assert_allclose(
        find_wedge(film, wedged.spacing_mm[1], WEDGE).greys, -np.log(transmit(np.array(WEDGE.steps_mm))), atol=0.01
    )


def test_an_isq_is_read_back_in_milligrams(tmp_path):
    density = np.random.default_rng(0).uniform(-300, 1500, (5, 6, 7)).astype(np.float32)
    path = tmp_path / "one.isq"
    write_isq(path, density, 0.061, "SIMULATED SIM-1", "L", DAY, 9.0)
    header = read_isq_header(path, Limits())
    assert (header.size, header.spacing_mm[0], header.taken_on) == ((7, 6, 5), pytest.approx(0.061), DAY)
    assert header.patient_name == "SIMULATED SIM-1"
    assert read_isq(path, Limits()).values == pytest.approx(density, abs=0.11)


@pytest.mark.parametrize("voxel", [0.0607, 0.0825, 0.1225])
def test_an_isq_keeps_a_voxel_of_a_fraction_of_a_micrometre(tmp_path, voxel):
    path = tmp_path / "one.isq"
    write_isq(path, np.zeros((40, 50, 60), np.float32), voxel, "SIMULATED SIM-1", "L", DAY, 9.0)
    found = read_isq_header(path, Limits()).spacing_mm
    # The header holds the extent in whole micrometres, so a voxel is as exact as that over the voxels of an edge.
    assert found == pytest.approx((voxel, voxel, voxel), abs=0.0005 / 40)


@pytest.mark.parametrize("value", [0.0, 1.0, -390.0, 1600.0, 0.2409, 1e-9])
def test_a_vax_number_is_read_back(value):
    assert vax_g(to_vax_g(value)) == value


def test_an_isq_without_the_mark_is_refused(tmp_path):
    with pytest.raises(ValueError, match="the name 'Ann'; wanted SIMULATED in it"):
        write_isq(tmp_path / "one.isq", np.zeros((1, 1, 1), np.float32), 0.061, "Ann", "R", DAY, 9.0)
    assert not list(tmp_path.iterdir())


def test_a_stratec_scan_is_read_back_with_its_scanners_calibration(tmp_path):
    density = images_of(0).pqct.values[0]
    path = tmp_path / "I0000001.M01"
    write_stratec(path, density, 0.5, "SIMULATED 1", "SIM1", (date(1950, 1, 2), DAY))
    header = read_stratec_header(path, Limits())
    assert (header.patient_name, header.birth_date, header.taken_on) == ("SIMULATED 1", date(1950, 1, 2), DAY)
    found = read_stratec(path, Limits(), CALIBRATION)
    assert found.values[0] == pytest.approx(density, abs=0.5 * 1.724 + 0.01)
    assert found.spacing_mm[1:] == (0.5, 0.5)


def test_a_stratec_scan_without_the_mark_is_refused(tmp_path):
    with pytest.raises(ValueError, match="name 'Ann', number 'X'; wanted SIMULATED"):
        write_stratec(tmp_path / "one.M01", np.zeros((2, 2)), 0.5, "Ann", "X", (DAY, DAY))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """A resolved participant with scanners' files, and one from a place that has a Stratec alone."""
    out = tmp_path_factory.mktemp("cohort") / "one"
    words = ["--seed", "3", "--voxel-mm", str(VOXEL_MM)]
    assert main(["--participants", "1", "--out", str(out), "--stratec", "0", *words]) == 0
    alone = out.with_name("alone")
    assert main(["--participants", "1", "--out", str(alone), "--stratec", "1", "--voxel-mm", "0.5", "--no-dicom"]) == 0
    plan = Plan(3, stratec_share=1.0)
    write_participant(plan, 0, alone / "stratec")
    return out, alone


def test_c9_every_file_says_that_it_is_simulated(cohort):
    paths = [path for folder in cohort for path in folder.rglob("*") if path.is_file()]
    kinds = {path.suffix for path in paths}
    assert kinds == {".dcm", ".isq", ".json", ".npz", ".M01"}
    for path in paths:
        assert b"SIMULATED" in path.read_bytes(), path.name


def test_the_manifest_holds_the_hash_of_each_file(cohort):
    out, _ = cohort
    listed = json.loads((out / "manifest.json").read_text("utf-8"))["files"]
    assert len(listed) == 7
    for one in listed:
        assert hashlib.sha256((out / one["path"]).read_bytes()).hexdigest() == one["sha256"]


def test_the_stack_of_a_cohort_is_an_isq_that_lies_where_a_scanner_begins(cohort):
    out, _ = cohort
    found = read_isq(out / "person-0000" / "hrpqct.isq", Limits())
    assert found.spacing_mm == pytest.approx((VOXEL_MM,) * 3)
    assert found.values.max() > 800


def test_the_truth_tells_strength_and_risk(cohort):
    truth = json.loads((cohort[0] / "person-0000" / "truth.json").read_text("utf-8"))
    mechanics = truth["mechanics"]
    assert 500 < mechanics["strength_n"] < 8000
    assert mechanics["factor_of_risk"] == pytest.approx(mechanics["fall_load_n"] / mechanics["strength_n"])
    assert (truth["world"], truth["voxel_mm"], truth["defect"]) == (PLAIN, VOXEL_MM, None)


def test_tensors_are_what_the_files_hold(cohort):
    found = np.load(cohort[1] / "person-0000" / "images.npz")
    assert sorted(found.files) == ["mark", "pqct"]
    assert found["mark"] == b"SIMULATED"


def test_a_command_that_was_stopped_goes_on_where_it_was(tmp_path, capsys):
    words = ["--out", str(tmp_path), "--seed", "3", "--voxel-mm", "0.5", "--stratec", "0"]
    assert main(["--participants", "1", *words]) == 0
    first = tmp_path / "person-0000" / "film.dcm"
    written = first.stat().st_mtime_ns
    (tmp_path / ".person-0001.unfinished").mkdir()
    assert main(["--participants", "2", *words]) == 0
    assert first.stat().st_mtime_ns == written
    assert sorted(path.name for path in tmp_path.glob("*person*")) == ["person-0000", "person-0001"]
    assert "2 of 2" in capsys.readouterr().out


def test_another_plan_in_the_same_folder_is_refused(tmp_path, capsys):
    words = ["--participants", "1", "--voxel-mm", "0.5", "--stratec", "1", "--out", str(tmp_path)]
    assert main([*words, "--seed", "3"]) == 0
    assert main([*words, "--seed", "4"]) == 2
    assert "holds a cohort of another plan; wanted an empty folder or the same plan" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "x", "--participants", "0"], "wanted n from 1"),
        (["--out", "x", "--voxel-mm", "0.01"], "a voxel of 0.01 mm; wanted 0.03 mm or more"),
        (["--out", "x", "--defects", "2"], "shares of 2.0 and 0.0; wanted 0 to 1"),
        (["x", "--out", "y"], "wanted --out DIR"),
        ([], "wanted --out DIR"),
    ],
)
def test_what_makes_no_cohort_is_refused_in_one_sentence(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_wrong_side_and_a_missing_modality_are_written_as_told(tmp_path, monkeypatch):
    for defect, name in ((Defect("wrong-side"), "side"), (Defect("missing", "dxa"), "lost")):
        monkeypatch.setattr("modelling.engine.phantom.cohort.draw_defect", lambda rng, share, one=defect: one)
        write_participant(Plan(3, stratec_share=0.0), 0, tmp_path / name)
    side = make_person(3, 0).scanned_side
    assert pydicom.dcmread(tmp_path / "side" / "film.dcm").ImageLaterality == {"L": "R", "R": "L"}[side]
    assert not (tmp_path / "lost" / "dxa.dcm").exists()
    assert (tmp_path / "lost" / "film.dcm").exists()


def test_a_share_of_participants_has_a_stratec_alone():
    plan = Plan(SEED)
    share = np.mean([make_person(SEED, index).stream(9).random(2)[1] < plan.stratec_share for index in range(400)])
    assert share == pytest.approx(0.08, abs=0.04)
    assert replace(plan, stratec_share=0.0).stratec_share == 0.0
