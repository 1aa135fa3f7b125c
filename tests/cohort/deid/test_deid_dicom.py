"""Nothing of a person leaves: what an original says is searched in its cleaned copy, byte by byte."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from cohort.deid.dates import age_on, parse_da, shift_day, write_da
from cohort.deid.dicom import Plan, de_identify, write_dicom
from cohort.deid.profile import PROFILE, WRITTEN_BY_US
from cohort.deid.uids import new_uid
from cohort.deid.verify import verify_dicom
from cohort.formats.dicom import SOP_CLASSES, read_dicom
from cohort.formats.dicom_facts import read_facts
from cohort.formats.dicom_pixels import as_monochrome2, decode
from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits
from tests.cohort.deid.builders import CODE, KEY, SHIFT
from tests.cohort.formats.builders import BIRTH, TAKEN, make_dxa, make_film, make_slices, save

PLAN = Plan(CODE, bytes.fromhex(KEY), SHIFT, "L", is_simulated=False)
CANARY = "CANARYBIRD"


def clean(made: pydicom.FileDataset, folder: Path, plan: Plan = PLAN) -> tuple[pydicom.FileDataset, Path]:
    """Clean and verify a file; return (the copy read again, where it lies)."""
    source = read_dicom(save(made, folder / "source"), Limits())
    pixels = as_monochrome2(decode(source), source)
    write_dicom(de_identify(source, read_facts(source), pixels, plan), folder / "clean")
    verify_dicom(source, pixels, plan, folder / "clean")
    return pydicom.dcmread(folder / "clean"), folder / "clean"


def with_canaries() -> pydicom.FileDataset:
    """Return a radiograph that says the canary's name wherever a file can say one."""
    made = make_film(
        PatientName=f"{CANARY}^ANN",
        PatientComments=CANARY,
        StudyDescription=CANARY,
        SeriesDescription=CANARY,
        InstitutionAddress=CANARY,
        OperatorsName=CANARY,
        StationName=CANARY,
        RequestingPhysician=CANARY,
        ImageComments=CANARY,
        PatientAddress=CANARY,
        TextComments=CANARY,
        BodyPartExamined=CANARY,
        ViewPosition=CANARY,
        ProtocolName=CANARY,
    )
    block = made.private_block(0x0029, "ACME PRIVATE", create=True)
    block.add_new(0x01, "LO", CANARY)
    block.add_new(0x02, "OB", b"\0\1" + CANARY.encode() + b"\0")
    block.add_new(0x03, "LO", f"C:\\PATIENTS\\{CANARY}\\scan.dat")
    made.add_new(0x00291234, "LO", CANARY)
    inner, outer = Dataset(), Dataset()
    inner.PatientName, inner.TextValue = CANARY, CANARY
    outer.ContentSequence = [inner]
    made.RequestAttributesSequence = [outer]
    made.add_new(0x60003000, "OW", CANARY.encode())
    made.add_new(0x60000022, "LO", CANARY)
    made.add_new(0xFFFCFFFC, "OB", CANARY.encode())
    made.preamble = CANARY.encode().ljust(128, b"\0")
    made.file_meta.SourceApplicationEntityTitle = CANARY
    made.file_meta.PrivateInformationCreatorUID = "1.2.3.4"
    made.file_meta.PrivateInformation = CANARY.encode()
    return made


def test_no_canary_survives_anywhere_in_the_bytes(tmp_path: Path) -> None:
    _, path = clean(with_canaries(), tmp_path)
    assert (tmp_path / "source").read_bytes().count(CANARY.encode()) >= 20
    raw = path.read_bytes()
    for banned in (CANARY, "HOUSEWRIGHT", "Musterfrau", "Infirmary", "ACC998877", "SN-90210", "H4711007"):
        assert banned.encode().upper() not in raw.upper(), banned
    assert f"{BIRTH:%Y%m%d}".encode() not in raw
    assert f"{TAKEN:%Y%m%d}".encode() not in raw


def test_what_analysis_needs_stays(tmp_path: Path) -> None:
    made, _ = clean(make_film(), tmp_path)
    assert (made.PatientID, made.PatientSex, made.PatientAge) == (CODE, "F", "075Y")
    assert [float(one) for one in made.ImagerPixelSpacing] == [0.148, 0.148]
    assert float(made.EstimatedRadiographicMagnificationFactor) == 1.05
    assert (made.BodyPartExamined, made.ViewPosition, made.ImageLaterality) == ("WRIST", "PA", "L")
    assert (made.Manufacturer, made.ManufacturerModelName) == ("Acme Imaging", "Ray 2000")
    assert float(made.KVP) == 55


def test_the_file_says_what_was_done_to_it(tmp_path: Path) -> None:
    made, _ = clean(make_film(), tmp_path)
    assert made.PatientIdentityRemoved == "YES"
    assert made.LongitudinalTemporalInformationModified == "MODIFIED"
    codes = [item.CodeValue for item in made.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107", "113108"]
    assert made.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert made.preamble == bytes(128)


def test_uids_are_new_and_the_same_for_the_same(tmp_path: Path) -> None:
    first, second = make_slices([0, 2.2])
    one, _ = clean(first, tmp_path / "1")
    two, _ = clean(second, tmp_path / "2")
    assert one.SeriesInstanceUID == two.SeriesInstanceUID != first.SeriesInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID
    other, _ = clean(first, tmp_path / "3", replace(PLAN, key=b"k" * 32))
    assert other.SeriesInstanceUID != one.SeriesInstanceUID


def test_dates_are_shifted_and_intervals_stay(tmp_path: Path) -> None:
    made, _ = clean(make_film(StudyDate="20260310", AcquisitionDate="20260315"), tmp_path)
    assert parse_da(made.AcquisitionDate) == shift_day(TAKEN, SHIFT)
    assert (parse_da(made.AcquisitionDate) - parse_da(made.StudyDate)).days == 5
    assert made.PatientBirthDate in {"", None}
    assert not made.StudyTime


def test_pixels_are_the_very_same_and_density_too(tmp_path: Path) -> None:
    source = make_dxa()
    made, _ = clean(source, tmp_path)
    assert np.array_equal(made.pixel_array, source.pixel_array)
    assert (float(made.RescaleSlope), made.RescaleType) == (0.0001, "G_CM2")


def test_an_inverted_picture_is_turned_round_with_its_window(tmp_path: Path) -> None:
    source = make_film(BitsStored=12, HighBit=11, WindowCenter=1000, WindowWidth=800)
    source.PhotometricInterpretation = "MONOCHROME1"
    made, _ = clean(source, tmp_path)
    assert made.PhotometricInterpretation == "MONOCHROME2"
    assert np.array_equal(made.pixel_array, 4095 - source.pixel_array)
    assert (float(made.WindowCenter), float(made.WindowWidth)) == (3095, 800)


def test_an_inverted_picture_of_measured_values_is_refused(tmp_path: Path) -> None:
    source = make_dxa()
    source.PhotometricInterpretation = "MONOCHROME1"
    with pytest.raises(FormatError, match="wanted MONOCHROME2 for measured values"):
        clean(source, tmp_path)


def test_a_simulated_file_carries_its_mark(tmp_path: Path) -> None:
    made, _ = clean(make_film(), tmp_path, replace(PLAN, is_simulated=True))
    assert (made.PatientID, made.ImageComments) == (f"SIM-{CODE}", "SIMULATED")
    human, _ = clean(make_film(ImageComments="SIMULATED"), tmp_path / "h")
    assert "ImageComments" not in human


def test_ages_above_ninety_are_ninety(tmp_path: Path) -> None:
    assert clean(make_film(PatientAge="097Y"), tmp_path)[0].PatientAge == "090Y"


def test_the_filed_side_is_written_whatever_the_header_said(tmp_path: Path) -> None:
    assert clean(make_film(side="R"), tmp_path)[0].ImageLaterality == "L"


def test_a_name_in_the_devices_model_is_caught_by_the_last_look(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="the cleaned copy: found a value of the original that names somebody"):
        clean(make_film(ManufacturerModelName="Ray of Musterfrau"), tmp_path)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda made: setattr(made, "PatientName", "X^Y"), "a value of PatientName"),
        (lambda made: setattr(made, "BodyPartExamined", "ANN"), "a word of BodyPartExamined"),
        (lambda made: setattr(made, "PatientID", "EXB-0043-X"), "another code or mark"),
        (lambda made: setattr(made, "OperatorsName", "Somebody"), "the attribute OperatorsName"),
        (lambda made: setattr(made, "StudyDate", "20260315"), "StudyDate not shifted"),
        (lambda made: setattr(made, "StudyInstanceUID", "1.2.840.1"), "a UID of the original"),
        (lambda made: made.add_new(0x00091001, "LO", "x"), "the attribute"),
        (lambda made: setattr(made, "PixelData", bytes(len(made.PixelData))), "other pixels"),
        (lambda made: setattr(made, "preamble", b"MZ".ljust(128, b"\0")), "a preamble that is not empty"),
    ],
)
def test_the_last_look_catches_what_the_cleaner_would_have_missed(tmp_path: Path, spoil, found: str) -> None:
    source = read_dicom(save(make_film(), tmp_path / "source"), Limits())
    pixels = as_monochrome2(decode(source), source)
    made = de_identify(source, read_facts(source), pixels, PLAN)
    write_dicom(made, tmp_path / "clean")
    verify_dicom(source, pixels, PLAN, tmp_path / "clean")
    spoil(made)
    write_dicom(made, tmp_path / "spoilt")
    with pytest.raises(FormatError, match=f"the cleaned copy: found {found}"):
        verify_dicom(source, pixels, PLAN, tmp_path / "spoilt")


def test_every_kind_of_object_that_is_read_has_a_profile() -> None:
    assert set(PROFILE) == set(SOP_CLASSES)
    for rules in PROFILE.values():
        assert not set(rules) & WRITTEN_BY_US
        assert all(pydicom.datadict.tag_for_keyword(keyword) is not None for keyword in rules)


def test_a_new_uid_is_legal_and_needs_a_key() -> None:
    made = new_uid(b"k" * 32, "1.2.3")
    assert pydicom.uid.UID(made).is_valid
    assert len(made) <= 64
    with pytest.raises(ValueError, match="16 bytes or more, not 3"):
        new_uid(b"abc", "1.2.3")
    with pytest.raises(ValueError, match="an empty UID"):
        new_uid(b"k" * 32, "")


def test_days_are_read_and_written_as_dicom_does() -> None:
    assert parse_da("20260315") == TAKEN == parse_da("2026.03.15")
    assert parse_da("") is None
    assert write_da(TAKEN) == "20260315"
    with pytest.raises(FormatError, match="no day of the calendar"):
        parse_da("20260230")
    with pytest.raises(FormatError, match="found something else"):
        parse_da("March")
    assert (age_on(BIRTH, TAKEN), age_on(BIRTH, TAKEN.replace(month=7))) == (75, 76)
