"""Stratec XCT: the real scan of a calibration phantom (pQCT plugin, BSD-2)."""

import struct
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits
from cohort.formats.sniff import STRATEC_TYP, sniff
from cohort.formats.stratec import DeviceCalibration, read_stratec, read_stratec_header
from cohort.formats.stratec_typ import ScannerFile, read_typ
from tests.cohort.formats.builders import data_file

SCAN, SCOUT = "volumes/stratec_phantom_I0025851.m01", "volumes/stratec_phantom_C0025851.m01"


def test_the_real_scan_is_read_as_the_plugin_reads_it() -> None:
    header = read_stratec_header(data_file(SCAN), Limits())
    assert (header.size, header.voxel_mm, header.device) == ((655, 655), 0.4, "XCT3010.TYP")
    assert header.taken_on == date(2016, 10, 14)
    assert header.birth_date == date(1901, 1, 1)
    volume = read_stratec(data_file(SCAN), Limits())
    assert (volume.values.shape, volume.range) == ((1, 655, 655), (-86.0, 919.0))


def test_who_the_patient_is_stays_out_of_sight() -> None:
    header = read_stratec_header(data_file(SCAN), Limits())
    assert header.patient_name == "TIMOCALIBRATION"
    assert "TIMO" not in repr(header)


def test_there_is_no_density_without_the_scanners_slope() -> None:
    path = data_file(SCAN)
    native = read_stratec(path, Limits())
    assert native.unit == "native"
    density = read_stratec(path, Limits(), DeviceCalibration(slope=1.495, intercept=-322.0))
    assert density.unit == "mg HA/cm3"
    assert density.values[0, 327, 327] == np.float32(native.values[0, 327, 327] * np.float32(1.495) - 322)


def test_a_slope_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="a scanner's slope is above zero"):
        read_stratec(data_file(SCAN), Limits(), DeviceCalibration(0, 0))


def test_a_scout_view_is_told_from_a_scan() -> None:
    with pytest.raises(FormatError, match="the Stratec file: found a scout view or a calibration"):
        read_stratec_header(data_file(SCOUT), Limits())


def test_a_scan_that_ends_too_soon_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data_file(SCAN).read_bytes()[:-2])
    with pytest.raises(FormatError, match="wanted 859,659 bytes, as its header says"):
        read_stratec_header(tmp_path / "a", Limits())


def test_a_size_that_is_none_is_refused(tmp_path: Path) -> None:
    raw = bytearray(data_file(SCAN).read_bytes())
    struct.pack_into("<h", raw, 1529, -1)
    (tmp_path / "a").write_bytes(raw)
    with pytest.raises(FormatError, match="wanted a picture's size"):
        read_stratec_header(tmp_path / "a", Limits())


def test_a_public_scanners_file_gives_its_equation(tmp_path: Path) -> None:
    path = tmp_path / "XCT1000.TYP"
    path.write_bytes(b"//XCT\r\n[DeviceType XCT1000.TYP]\r\nDeviceName=XCT\r\nXSlope = 440\r\nXInter = -165\r\n")
    assert sniff(path) == STRATEC_TYP
    assert read_typ(path) == ScannerFile("XCT1000.TYP", DeviceCalibration(0.44, -165.0))


def test_a_text_that_is_no_scanners_file_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("XSlope = 440\nXInter = -165\n")
    assert sniff(path) != STRATEC_TYP
    with pytest.raises(FormatError, match=r"no section \[DeviceType"):
        read_typ(path)
