"""Images of invented people: the physics by hand, mass that is kept, and bone that shows."""

import numpy as np
import pytest
from scipy import ndimage

from modelling.engine.phantom.anatomy import Grid, Tissue, make_forearm
from modelling.engine.phantom.attenuation import HIGH_BEAM, LOW_BEAM, SPECTRUM_KEV, SPECTRUM_PHOTONS
from modelling.engine.phantom.dxa import (
    BONE_WEIGHT,
    TISSUE_RATIO,
    attenuate,
    attenuate_beams,
    bone_density,
    calibrated_density,
    make_dxa,
    place_arm,
)
from modelling.engine.phantom.filling import fill
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.projections import (
    BLADE_RANGE_MM,
    DEEPEST,
    FILM_SCALE,
    GAIN_RANGE,
    UAS_RANGE,
    Exposure,
    make_film,
    polychromatic,
    set_exposure,
)
from modelling.engine.phantom.scanner import make_pqct, to_density
from modelling.engine.phantom.shadow import Paths, cast_coarse, look, overlap_matrix
from modelling.engine.phantom.twin import make_twin
from modelling.engine.phantom.worlds import make_person
from tests.modelling.engine.phantom.phantoms import SEED, images_of

N = 12


def make_slab(ha: float, water: float, fat: float = 0.0) -> Paths:
    return Paths(*(np.full((2, 3), value) for value in (ha, water, fat)))


def test_c1_a_slab_of_mineral_behind_water_gives_its_density():
    found = bone_density(*attenuate(make_slab(ha=1.0, water=3.0)))
    assert found == pytest.approx(np.ones((2, 3)), abs=1e-6)


def test_c1_broad_beams_are_biased_by_the_single_energies_formula_and_calibrated_below_one_percent():
    for ha in (0.3, 0.5, 0.7, 1.0, 1.4):
        for water in (1.5, 3.0, 4.0, 6.0):
            seen = attenuate_beams(make_slab(ha, water))
            # Uncalibrated, hardening and the other mean energies give up to 8 % too much (docs/phantom.md).
            assert -0.02 < bone_density(*seen)[0, 0] / ha - 1 < 0.09
            assert calibrated_density(*seen)[0, 0] == pytest.approx(ha, rel=0.01)
    assert bone_density(*attenuate_beams(make_slab(0.3, 3.0)))[0, 0] > 0.3 * 1.05


def test_the_beams_are_whole_and_see_a_thin_slab_between_their_ends():
    thin = attenuate_beams(make_slab(1e-4, 0.0))
    for beam, line in zip((LOW_BEAM, HIGH_BEAM), thin, strict=True):
        assert beam.photons.sum() == pytest.approx(1.0, abs=1e-4)
        assert beam.mass.ha.min() < line[0, 0] / 1e-4 < beam.mass.ha.max()
    # xraydb at the mean energies, 36.7 and 64.2 keV: 1.22 and 0.36 cm2/g; a hump's width adds a few percent.
    assert [line[0, 0] / 1e-4 for line in thin] == pytest.approx([1.22, 0.36], rel=0.06)


def test_water_alone_has_no_bone_however_thick():
    for thickness in (1.0, 3.0, 8.0):
        assert bone_density(*attenuate(make_slab(0.0, thickness))) == pytest.approx(np.zeros((2, 3)), abs=1e-9)
    for thickness in (1.5, 3.0, 6.0):
        assert calibrated_density(*attenuate_beams(make_slab(0.0, thickness)))[0, 0] == pytest.approx(0.0, abs=1e-3)


def test_the_constants_of_dual_energy_are_those_of_the_design():
    # MODELLING 6.2: R_s 1.460, denominator 0.6663 cm2/g.
    assert pytest.approx(1.460, abs=0.001) == TISSUE_RATIO
    assert pytest.approx(0.6663, abs=0.0005) == BONE_WEIGHT


def test_the_mean_energy_of_the_spectrum_is_that_of_55_kv():
    # SpekPy, 55 kVp and 2.5 mm Al: 34.12 keV.
    assert np.average(SPECTRUM_KEV, weights=SPECTRUM_PHOTONS) == pytest.approx(34.12, abs=0.02)


def test_a_thick_path_hardens_the_beam():
    once, twice = polychromatic(make_slab(0.5, 2.0))[0, 0], polychromatic(make_slab(1.0, 4.0))[0, 0]
    assert once < twice < 2 * once


def test_c2_the_shadow_keeps_the_mineral_of_the_averaged_bones():
    forearm = make_forearm(make_person(SEED, 0))
    z, y, x = np.arange(-14.0, 113.0, 0.4), np.arange(-24.0, 24.0, 1.0), np.arange(-38.0, 20.0, 0.25)
    cast = cast_coarse(forearm)
    tissue = fill(forearm, Grid(z, y, x))
    mass = tissue.ha.sum(dtype=np.float64) * 0.04 * 0.1 * 0.025
    assert mass > 10.0
    # Bones are cast on rows of their own, so outlines fall otherwise between voxels of a millimetre.
    assert cast.ha.sum() * 0.04 * 0.025 == pytest.approx(mass, rel=5e-3)


def test_c5_the_film_is_that_of_an_independent_cone_beam_through_the_same_tissue():
    person = make_person(SEED, 0)
    forearm = make_forearm(person)
    z, x = np.arange(10.0, 46.0, 0.5), np.arange(-40.0, 24.0, 0.3)
    film = polychromatic(look(cast_coarse(forearm), forearm, person, z, x))
    grid = Grid(np.arange(6.0, 50.0, 0.5), np.arange(-25.0, 25.5, 0.5), np.arange(-44.0, 28.0, 0.3))
    tissue = fill(forearm, grid)
    marched = np.zeros((3, z.size, x.size))
    for y in grid.y:
        # A ray leaves the source 970 mm above the wrist, over its middle, and meets the wrist's plane at (z, x).
        spread = 1 + y / 970.0
        places = ((28 + (z - 28) * spread - 6.0) / 0.5, (-8.5 + (x + 8.5) * spread + 44.0) / 0.3)
        rows, columns = np.meshgrid(*places, indexing="ij")
        at = [rows, np.full_like(rows, (y + 25.0) / 0.5), columns]
        parts = (tissue.ha, tissue.water, tissue.fat)
        marched += np.stack([ndimage.map_coordinates(part, at, order=1) for part in parts]) * 0.05
    other = polychromatic(Paths(*marched))
    assert np.corrcoef(film.ravel(), other.ravel())[0, 1] >= 0.999


def test_c6_the_dxa_repeats_itself_as_scanners_do():
    spread = []
    for index in range(6):
        person = make_person(SEED, index)
        placings = [place_arm(make_forearm(person), person, placing) for placing in range(3)]
        regions = [make_dxa(cast_coarse(arm), arm, person, "R", k).regions for k, arm in enumerate(placings)]
        values = np.array([[one["R_UD"].bmd, one["R_33"].bmd] for one in regions])
        spread.append(values.std(axis=0, ddof=1) / values.mean(axis=0))
    ultradistal, third = np.sqrt(np.mean(np.square(spread), axis=0))
    assert 0.005 <= ultradistal <= 0.015
    # In patients 0.55 % (MODELLING 6.3); a coefficient of 6 x 2 degrees of freedom is known to a fifth.
    assert 0.0025 <= third <= 0.012


def test_an_arm_that_is_rolled_keeps_its_bone_and_its_first_placing():
    person = make_person(SEED, 0)
    forearm = make_forearm(person)
    rolled = place_arm(forearm, person, 1)
    assert place_arm(forearm, person, 0) is forearm
    assert (rolled.radius.x0, rolled.radius.y0) != (forearm.radius.x0, forearm.radius.y0)
    apart = [np.hypot(one.radius.x0 - one.ulna.x0, one.radius.y0 - one.ulna.y0) for one in (forearm, rolled)]
    assert apart[1] == pytest.approx(apart[0])
    assert np.sort(rolled.radius.outline[40]) == pytest.approx(np.sort(forearm.radius.outline[40]))


def test_averaging_onto_other_pixels_keeps_mass():
    source, wanted = np.arange(0, 30, 0.3), np.arange(-2, 33, 0.65)
    row = np.random.default_rng(1).uniform(size=source.size)
    assert (overlap_matrix(source, wanted) @ row).sum() * 0.65 == pytest.approx(row.sum() * 0.3, rel=1e-12)


def test_no_voxel_holds_more_than_there_is_room_for():
    axes = (np.arange(-10.0, 100.0, 1.0), np.arange(-30.0, 30.0, 0.75), np.arange(-50.0, 30.0, 0.3))
    tissue = fill(make_forearm(make_person(SEED, 1)), Grid(*axes))
    assert min(tissue.ha.min(), tissue.water.min(), tissue.fat.min()) >= 0
    assert (tissue.ha / 3.16 + tissue.water + tissue.fat / 0.95).max() <= 1.3
    assert 0.8 < tissue.ha.max() < 1.6


def test_the_radius_has_the_area_that_its_person_has():
    person = make_person(SEED, 2)
    across = np.arange(-30, 30, 0.1)
    tissue = fill(make_forearm(person), Grid(np.array([0.04 * person.forearm_mm]), across, across))
    inside = make_forearm(person).radius.outline
    height = np.searchsorted(make_forearm(person).radius.z, 0.04 * person.forearm_mm)
    assert np.pi * (inside[height] ** 2).mean() == pytest.approx(person.area_mm2, rel=0.03)
    cortex = (tissue.ha[0][:, across > -14] > 0.5).sum() * 0.01
    radius = (person.area_mm2 / np.pi) ** 0.5
    assert cortex == pytest.approx(np.pi * (2 * radius - person.ct_th_mm) * person.ct_th_mm, rel=0.15)


def test_water_reads_zero_and_mineral_its_density_on_the_scanner():
    grid = Grid(np.array([0.0]), np.array([0.0]), np.array([0.0, 1.0]))
    ha = np.array([[[0.0, 0.8]]])
    tissue = Tissue(grid, ha=ha, water=1.0 - ha / 3.16, fat=np.zeros_like(ha))
    assert to_density(tissue) == pytest.approx(np.array([[[0.0, 800.0]]]), abs=1e-6)


def test_the_dxa_measures_the_bone_that_is_there():
    true = np.array([(images_of(i).person.abmd_ud, images_of(i).person.abmd_33) for i in range(N)])
    seen = np.array([(images_of(i).regions["R_UD"].bmd, images_of(i).regions["R_33"].bmd) for i in range(N)])
    for column in (0, 1):
        assert np.corrcoef(true[:, column], seen[:, column])[0, 1] > 0.95
    assert (seen / true).mean(axis=0) == pytest.approx([1.0, 1.0], abs=0.03)


def test_content_over_area_is_density():
    region = images_of(0).regions["R_UD"]
    assert region.bmc / region.area == pytest.approx(region.bmd)


def test_the_regions_rise_from_ultradistal_to_a_third():
    for index in range(N):
        regions = images_of(index).regions
        assert regions["R_UD"].bmd < regions["R_MID"].bmd < regions["R_33"].bmd


def test_a_regression_on_the_film_tells_the_density_of_the_forearm():
    true, seen = [], []
    for index in range(N):
        images = images_of(index)
        film = images.film.values[0] * FILM_SCALE
        # Within the radius, 5 to 17 mm from the joint, and the soft tissue between the shafts.
        seen.append((1.0, film[318:398, 145:223].mean(), film[428:548, 240:259].mean()))
        true.append(images.person.abmd_ud)
    table, wanted = np.array(seen), np.array(true)
    weights = np.linalg.lstsq(table, wanted, rcond=None)[0]
    r2 = 1 - ((wanted - table @ weights) ** 2).sum() / ((wanted - wanted.mean()) ** 2).sum()
    assert r2 >= 0.7
    assert weights[1] > 0


def test_films_are_taken_by_hand_within_limits_and_tell_nothing_of_the_bone():
    people = [make_person(SEED, index) for index in range(300)]
    found = [set_exposure(person) for person in people]
    for values, (low, high) in (
        ([one.uas for one in found], UAS_RANGE),
        ([one.gain for one in found], GAIN_RANGE),
        ([blade for one in found for blade in one.blades_mm], BLADE_RANGE_MM),
    ):
        assert low <= min(values) < max(values) <= high
    # What is stored has room below the open field and above the deepest shadow.
    offsets = np.array([one.offset for one in found])
    assert offsets.min() > 0
    assert offsets.max() + DEEPEST / FILM_SCALE <= 65535
    density = [person.abmd_ud for person in people]
    # The standard error of a correlation of 300 is 0.06.
    assert abs(np.corrcoef(offsets, density)[0, 1]) < 0.15


def test_more_dose_has_less_noise(monkeypatch):
    person = make_person(SEED, 0)
    twin = make_twin(person)
    noise = []
    for uas in UAS_RANGE:
        monkeypatch.setattr(
            "modelling.engine.phantom.projections.set_exposure", lambda _, uas=uas: Exposure(uas, 1.0, (1.0, 1.0))
        )
        film = make_film(twin.shadow, twin.forearm, person, "R", None).astype(float)
        # Along the shaft the arm hardly changes, so what differs from pixel to pixel is noise.
        noise.append(np.diff(film[580:636, 100:380], axis=0).std())
    assert noise[0] / noise[1] == pytest.approx((UAS_RANGE[1] / UAS_RANGE[0]) ** 0.5, rel=0.1)


def test_more_bone_is_brighter_in_every_image():
    true = [images_of(i).person.abmd_ud for i in range(N)]
    film = [float(images_of(i).film.values[0, 318:398, 145:223].mean()) for i in range(N)]
    pqct = [float(np.clip(images_of(i).pqct.values[0], 0, None).mean()) for i in range(N)]
    assert np.corrcoef(true, film)[0, 1] > 0.7
    assert np.corrcoef(true, pqct)[0, 1] > 0.7


def test_a_left_forearm_is_the_mirror_image_of_a_right_one_but_for_noise_and_letter():
    right, left = images_of(0).dxa.values[0], images_of(0, "L").dxa.values[0]
    assert left[:, ::-1] == pytest.approx(right)
    film_right, film_left = images_of(0).film.values[0], images_of(0, "L").film.values[0]
    assert np.corrcoef(film_right[378:].ravel(), film_left[378:, ::-1].ravel())[0, 1] > 0.99
    assert np.corrcoef(film_right[378:].ravel(), film_left[378:].ravel())[0, 1] < 0.9


def test_the_lead_letter_can_be_that_of_the_other_side_or_missing():
    person = make_person(SEED, 0)
    films = [images_of(0).film, *(make_images(person, "R", marker=marker).film for marker in ("L", None))]
    lead = [(film.values[0] > 5e4).sum() for film in films]
    assert lead[0] > lead[1] > lead[2] == 0


def test_movement_blurs_the_slices_and_nothing_else():
    person = make_person(SEED, 0)
    still, moved = images_of(0), make_images(person, "R", motion=1.0)
    edges = [np.abs(np.diff(images.pqct.values[0], axis=1)).max() for images in (still, moved)]
    assert edges[1] < 0.8 * edges[0]
    assert (moved.film.values == still.film.values).all()


def test_more_movement_than_all_is_refused():
    person = make_person(SEED, 0)
    with pytest.raises(ValueError, match=r"motion is 1\.5; wanted 0 to 1"):
        make_pqct(make_twin(person), person, "R", motion=1.5)


def test_a_third_side_is_refused():
    with pytest.raises(ValueError, match="side 'B' with marker 'true'; wanted L or R"):
        make_images(make_person(SEED, 0), "B")


def test_the_same_seed_gives_the_same_images():
    again = make_images(make_person(SEED, 0), "R")
    assert again.exposure == images_of(0).exposure
    for name in ("film", "dxa", "pqct"):
        assert (getattr(again, name).values == getattr(images_of(0), name).values).all()
