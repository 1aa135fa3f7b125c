"""Files made to hurt a reader: each is refused with a sentence, and none takes memory or time with it."""

import struct
import zlib
from pathlib import Path

import pytest

from cohort.formats.dicom import DX, read_dicom
from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits
from cohort.formats.reading import read_volume
from tests.cohort.formats.builders import begin_file, data_file, element, make_film, save

DEFLATED = "1.2.840.10008.1.2.1.99"
SOP = element(8, 0x16, b"UI", DX.encode() + b"\0" * (len(DX) % 2))


def refused(path: Path, content: bytes, limits: Limits | None = None) -> FormatError:
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read_dicom(path, limits or Limits())
    return caught.value


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    assert read_dicom(save(make_film(), tmp_path / "a"), Limits()).Rows == 60


def test_a_sequence_ten_thousand_deep_is_refused(tmp_path: Path) -> None:
    deep = b""
    for _ in range(10_000):
        deep += struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
        deep += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    assert refused(tmp_path / "deep", begin_file() + SOP + deep).code == "nested"


def test_a_length_no_file_can_hold_is_refused_without_taking_it(tmp_path: Path) -> None:
    lying = element(0x7FE0, 0x10, b"OW", b"\1\2\3\4", length=0xFFFFFFFE)
    header = b"".join(
        element(0x28, number, b"US", struct.pack("<H", value))
        for number, value in ((2, 1), (0x10, 100), (0x11, 100), (0x100, 16), (0x101, 16), (0x102, 15), (0x103, 0))
    )
    assert refused(tmp_path / "lying", begin_file() + SOP + header + lying).code in {
        "damaged",
        "no_pixels",
        "truncated",
    }


def test_a_deflate_bomb_is_stopped_at_the_limit(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(SOP + bytes(64 << 20)) + packer.flush()
    assert len(bomb) < 100_000
    error = refused(tmp_path / "bomb", begin_file(syntax=DEFLATED) + bomb, Limits(inflated_bytes=1 << 20))
    assert error.code == "too_large"
    assert "once inflated" in str(error)


def test_a_small_deflated_file_is_read() -> None:
    path = data_file("malformed/pydicom_image_dfl.dcm")
    assert read_dicom(path, Limits()).Rows == 512


def test_a_header_that_promises_a_giant_is_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    made = make_film()
    made.Rows = made.Columns = 65535
    save(made, tmp_path / "giant")
    with pytest.raises(FormatError, match="the header: found an image of 8,192 MiB, wanted at most 1,536 MiB"):
        read_dicom(tmp_path / "giant", Limits())


def test_more_rows_than_pixels_are_refused(tmp_path: Path) -> None:
    made = make_film()
    made.Rows = 61
    save(made, tmp_path / "short")
    with pytest.raises(FormatError, match="the pixels: found 5,760 bytes, wanted 5,856 bytes, as the header says"):
        read_dicom(tmp_path / "short", Limits())


def test_a_program_in_the_preamble_does_not_hide_the_dicom_behind_it(tmp_path: Path) -> None:
    raw = bytearray(save(make_film(), tmp_path / "a").read_bytes())
    raw[:4] = b"MZ\x90\x00"
    (tmp_path / "polyglot").write_bytes(raw)
    assert read_dicom(tmp_path / "polyglot", Limits()).preamble[:2] == b"MZ"


def test_a_file_without_its_meta_information_is_refused(tmp_path: Path) -> None:
    raw = save(make_film(), tmp_path / "a").read_bytes()
    error = refused(tmp_path / "bare", raw[raw.index(b"\x08\x00\x08\x00CS") :])
    assert error.code == "no_meta"


def test_a_file_beyond_the_limit_is_not_opened(tmp_path: Path) -> None:
    path = save(make_film(), tmp_path / "a")
    with pytest.raises(FormatError, match="the file: found"):
        read_dicom(path, Limits(file_bytes=100))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("malformed/dicomfuzzer_encapsulated_pdf_doc_evle.dcm", "pdf"),
        ("malformed/pydicom_DICOMDIR-nopatient", "dicomdir"),
        ("malformed/pydicom_MR_truncated.dcm", "sop_class"),
        ("malformed/pydicom_badVR.dcm", "sop_class"),
        ("malformed/pydicom_no_meta.dcm", "not_dicom"),
        ("deid/deid_RGB_IMAGE.dcm", "sop_class"),
    ],
)
def test_real_files_that_are_no_image_of_ours_are_refused_by_kind(name: str, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_dicom(data_file(name), Limits())
    assert caught.value.code == code


def test_a_private_encoding_is_refused_as_one_that_is_not_read(tmp_path: Path) -> None:
    raw = save(make_film(), tmp_path / "a").read_bytes()
    plain, private = b"1.2.840.10008.1.2.1\0", b"1.2.840.113619.5.2\0\0"
    assert len(plain) == len(private)
    (tmp_path / "private").write_bytes(raw.replace(plain, private))
    with pytest.raises(FormatError, match="the encoding of the pixels: found one that is not read") as caught:
        read_volume([tmp_path / "private"])
    assert caught.value.code == "syntax"


def test_an_error_never_carries_a_value_of_the_header(tmp_path: Path) -> None:
    made = make_film(PatientName="SECRETNAME^ANN")
    made.Rows = 61
    save(made, tmp_path / "a")
    with pytest.raises(FormatError) as caught:
        read_dicom(tmp_path / "a", Limits())
    assert "SECRETNAME" in str(made.PatientName)
    assert "SECRETNAME" not in str(caught.value)
