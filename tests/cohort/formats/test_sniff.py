"""Content tells what a file is; its name does not."""

import io
import zipfile
from pathlib import Path

import pytest

from cohort.formats import sniff
from tests.cohort.formats.builders import data_file, make_film, save


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("volumes/test_isq_calibrated_binary_25.ISQ", sniff.ISQ),
        ("volumes/stratec_phantom_I0025851.m01", sniff.STRATEC),
        ("volumes/stratec_phantom_C0025851.m01", sniff.STRATEC_SCOUT),
        ("radiographs/normal_adult_right_wrist-1_cropped.png", sniff.PNG),
        ("malformed/pydicom_no_meta.dcm", sniff.UNKNOWN),
        ("deid/deid_ctbrain1.dcm", sniff.DICOM),
        ("statistics/dcurves_dca.csv", sniff.UNKNOWN),
    ],
)
def test_real_files_are_known_by_content(name: str, what: str) -> None:
    assert sniff.sniff(data_file(name)) == what


def test_a_dicom_file_called_png_is_dicom(tmp_path: Path) -> None:
    assert sniff.sniff(save(make_film(), tmp_path / "a.png")) == sniff.DICOM


def test_a_dicom_file_without_its_beginning_is_told_so(tmp_path: Path) -> None:
    raw = save(make_film(), tmp_path / "a").read_bytes()
    assert sniff.sniff_bytes(raw[132:]) == sniff.DICOM_BARE
    assert sniff.sniff_bytes(raw[raw.index(b"\x08\x00\x08\x00CS") :]) == sniff.DICOM_BARE


def test_a_zip_and_a_pdf_are_told() -> None:
    packed = io.BytesIO()
    zipfile.ZipFile(packed, "w").close()
    assert sniff.sniff_bytes(packed.getvalue()) == sniff.ZIP
    assert sniff.sniff_bytes(b"%PDF-1.7\n") == sniff.PDF


def test_nothing_and_text_are_unknown() -> None:
    assert sniff.sniff_bytes(b"") == sniff.UNKNOWN
    assert sniff.sniff_bytes(b"participant,age\n" * 200) == sniff.UNKNOWN


def test_a_stratec_header_without_its_device_is_unknown() -> None:
    raw = bytearray(data_file("volumes/stratec_phantom_I0025851.m01").read_bytes()[: sniff.SNIFFED_BYTES])
    assert sniff.sniff_bytes(bytes(raw)) == sniff.STRATEC
    raw[1050:1064] = bytes(14)
    assert sniff.sniff_bytes(bytes(raw)) == sniff.UNKNOWN
