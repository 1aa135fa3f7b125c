"""What headers say, and how slices become a volume."""

import weakref
from pathlib import Path

import numpy as np
import pytest

from cohort.formats.dicom_facts import DicomFacts, find_spacing, read_facts
from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits
from cohort.formats.reading import read_volume
from cohort.formats.slices import order_slices, stack_slices
from cohort.formats.volume import Volume, hash_pixels
from tests.cohort.formats.builders import TAKEN, data_file, make_dxa, make_film, make_slices, save


def test_a_radiograph_tells_its_facts_and_hides_the_person() -> None:
    facts = read_facts(make_film(side="R"))
    assert (facts.modality, facts.region, facts.side, facts.side_from) == ("film", "wrist", "R", "ImageLaterality")
    assert (facts.taken_on, facts.age_years, facts.sex) == (TAKEN, 75, "F")
    assert facts.exposure == {"kvp": 55.0, "uas": 4000.0}
    assert facts.person_name == "MUSTERFRAU^ERIKA"
    assert "MUSTERFRAU" not in repr(facts)


def test_the_spacing_at_the_detector_becomes_the_patients_by_the_magnification() -> None:
    spacing, where = find_spacing(make_film())
    assert where == "patient"
    assert spacing == pytest.approx((0.148 / 1.05, 0.148 / 1.05))


def test_without_a_magnification_the_spacing_stays_the_detectors() -> None:
    made = make_film()
    del made.EstimatedRadiographicMagnificationFactor
    assert find_spacing(made) == ((0.148, 0.148), "detector")
    made.PixelSpacing = [0.148, 0.148]
    assert find_spacing(made)[1] == "detector"
    made.PixelSpacing = [0.14, 0.14]
    assert find_spacing(made) == ((0.14, 0.14), "patient")


def test_a_picture_without_spacing_has_none() -> None:
    made = make_film()
    del made.ImagerPixelSpacing
    assert find_spacing(made) == (None, "none")


def test_ages_above_ninety_are_ninety() -> None:
    assert read_facts(make_film(PatientAge="096Y")).age_years == 90
    assert read_facts(make_film(PatientAge="089Y")).age_years == 89


def test_a_date_that_is_no_day_is_an_error_and_not_silence() -> None:
    with pytest.raises(FormatError, match="a date in the header: found no day of the calendar"):
        read_facts(make_film(AcquisitionDate="20261345"))


def test_a_dxa_scan_is_in_grams_a_square_centimetre(tmp_path: Path) -> None:
    volume = read_volume([save(make_dxa(), tmp_path / "d")])
    assert (volume.kind, volume.unit, volume.spacing_mm) == ("dxa", "g/cm2", (1.0, 0.6, 0.6))
    assert volume.values[0, 39, 29] == np.float32(6800 * 0.0001)


def test_slices_are_put_in_order_by_place_and_rescaled(tmp_path: Path) -> None:
    made = make_slices([4.4, 0, 2.2])
    volume = read_volume([save(one, tmp_path / str(n)) for n, one in enumerate(made)])
    assert (volume.kind, volume.unit, volume.spacing_mm) == ("pqct", "mg HA/cm3", (2.2, 0.5, 0.5))
    # The builder adds 100 for each slice it makes: the order of places is second, third, first.
    assert volume.values[:, 0, 0].tolist() == [100 * 0.5 - 100, 200 * 0.5 - 100, 0 - 100]


def test_a_missing_slice_is_refused_and_counted() -> None:
    facts = [read_facts(one) for one in make_slices([0, 2.2, 4.4, 8.8])]
    with pytest.raises(FormatError, match="the slices: found 4 of 5, wanted the whole series"):
        order_slices(facts)


def test_two_slices_in_one_place_are_refused() -> None:
    facts = [read_facts(one) for one in make_slices([0, 2.2, 2.2])]
    with pytest.raises(FormatError, match="found two in the same place"):
        order_slices(facts)


def test_sections_far_apart_are_sections_and_not_a_series_with_gaps() -> None:
    stack = order_slices([read_facts(one) for one in make_slices([80, 0, 160.5])])
    assert stack.order == (1, 0, 2)
    assert (stack.step_mm, stack.is_contiguous) == (2.2, False)


def test_slices_of_different_size_do_not_mix() -> None:
    one, other = make_slices([0, 2.2])
    other.PixelSpacing = [0.4, 0.4]
    with pytest.raises(FormatError, match="found different sizes or spacings"):
        order_slices([read_facts(one), read_facts(other)])


def test_frames_of_one_file_must_say_how_far_apart_they_lie() -> None:
    (one,) = make_slices([0], NumberOfFrames=3)
    assert order_slices([read_facts(one)]).step_mm == pytest.approx(2.2)
    del one.SliceThickness
    with pytest.raises(FormatError, match="found no thickness of its slices, wanted SliceThickness in mm"):
        order_slices([read_facts(one)])


def make_fine_slices(places_mm: list[float]) -> list[DicomFacts]:
    made = make_slices(places_mm, thickness_mm=0.061, PixelSpacing=[0.061, 0.061])
    return [read_facts(one) for one in made]


def test_a_high_resolution_volume_with_every_other_slice_is_refused_and_not_squeezed() -> None:
    assert order_slices(make_fine_slices([0, 0.061, 0.122])).step_mm == pytest.approx(0.061)
    for places in ([0, 0.122, 0.244], [0, 5, 10], [0, 0.122], [0, 0.3, 0.9]):
        with pytest.raises(FormatError, match="the slices: found gaps between them, wanted the whole series"):
            order_slices(make_fine_slices(list(places)))


@pytest.mark.parametrize(
    ("keyword", "value", "thing"),
    [
        ("RescaleType", "HU", "units"),
        ("SeriesInstanceUID", "1.2.3.4", "series"),
        ("PatientID", "H0815", "persons"),
        ("Laterality", "R", "sides"),
        ("ImageOrientationPatient", [0, 1, 0, 0, 0, 1], "orientations"),
        ("ImageOrientationPatient", None, "orientations"),
        ("PixelSpacing", [0.061, 0.061], "sizes or spacings"),
    ],
)
def test_what_a_series_has_one_of_must_be_one_in_all_its_slices(keyword: str, value: object, thing: str) -> None:
    made = make_slices([0, 2.2, 4.4])
    order_slices([read_facts(one) for one in made])
    setattr(made[2], keyword, value)
    with pytest.raises(FormatError, match=f"found different {thing}, wanted slices of one series") as caught:
        order_slices([read_facts(one) for one in made])
    assert "0815" not in str(caught.value)


def test_a_side_in_the_first_header_alone_and_a_rounded_orientation_are_no_difference() -> None:
    made = make_slices([0, 2.2])
    del made[1].Laterality
    made[1].ImageOrientationPatient = [1, 0.0001, 0, 0, 1, 0]
    assert order_slices([read_facts(one) for one in made]).order == (0, 1)


def test_slices_of_signed_and_unsigned_numbers_do_not_mix(tmp_path: Path) -> None:
    made = make_slices([0, 2.2], RescaleType="US")
    made[1].PixelRepresentation = 0
    with pytest.raises(FormatError, match="found different kinds of numbers"):
        read_volume([save(one, tmp_path / str(n)) for n, one in enumerate(made)])


def test_a_series_too_large_as_a_whole_is_refused_by_its_headers(tmp_path: Path) -> None:
    paths = [save(one, tmp_path / str(n)) for n, one in enumerate(make_slices([0, 2.2, 4.4]))]
    whole = 4 * 3 * 32 * 24
    assert read_volume(paths, Limits(decoded_bytes=whole)).values.shape == (3, 32, 24)
    with pytest.raises(FormatError, match="found an image of 9,216 bytes, wanted at most 9,215 bytes"):
        read_volume(paths, Limits(decoded_bytes=whole - 1))


def test_no_more_than_one_slice_is_held_beside_the_volume() -> None:
    facts = [read_facts(one) for one in make_slices([4.4, 0, 2.2])]
    held: list[weakref.ref[np.ndarray]] = []

    def read_frames(index: int) -> np.ndarray:
        assert sum(one() is not None for one in held) <= 1
        frames = np.full((1, 32, 24), 100 * index, np.int16)
        held.append(weakref.ref(frames))
        return frames

    volume = stack_slices(facts, read_frames)
    assert len(held) == 3
    assert volume.values[:, 0, 0].tolist() == [-50, 0, -100]


def test_a_real_ct_slice_is_in_hounsfield_units() -> None:
    volume = read_volume([data_file("deid/presidio_2_ORIGINAL.dcm")])
    assert (volume.values.shape, volume.unit) == ((1, 552, 394), "HU")


def test_a_volume_says_what_is_wrong_with_it() -> None:
    with pytest.raises(ValueError, match="three axes"):
        Volume(np.zeros((3, 3)), (1, 1, 1), "HU", "pqct")
    with pytest.raises(ValueError, match="is not three lengths in mm"):
        Volume(np.zeros((1, 3, 3)), (1, 0, 1), "HU", "pqct")
    with pytest.raises(ValueError, match="is no volume of ours"):
        Volume(np.zeros((1, 3, 3)), (1, 1, 1), "furlong", "pqct")


def test_the_hash_of_pixels_hangs_on_values_and_not_on_byte_order() -> None:
    values = np.arange(24, dtype="<i2").reshape(2, 3, 4)
    assert hash_pixels(values) == hash_pixels(values.astype(">i2"))
    other = values.copy()
    other[1, 2, 3] += 1
    assert hash_pixels(values) != hash_pixels(other)
