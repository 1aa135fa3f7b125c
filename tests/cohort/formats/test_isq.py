"""Scanco ISQ: the two public fixtures of aimio-py (MIT), and files made from them."""

import struct
from pathlib import Path

import numpy as np
import pytest

from cohort.formats.errors import FormatError
from cohort.formats.isq import (
    density_equation,
    hounsfield_equation,
    iterate_density,
    map_isq,
    read_isq,
    read_isq_header,
    vax_g,
    vms_day,
    vms_ticks,
)
from cohort.formats.limits import Limits
from cohort.formats.volume import DENSITY, HOUNSFIELD, NATIVE
from tests.cohort.formats.builders import TAKEN, data_file

CALIBRATED, BARE = "volumes/test_isq_calibrated_binary_25.ISQ", "volumes/test_isq_native_only_binary_25.ISQ"


def test_the_header_is_read_as_published() -> None:
    header = read_isq_header(data_file(CALIBRATED), Limits())
    assert (header.size, header.extent_um, header.mu_scaling) == ((25, 25, 25), (1500, 1500, 1500), 1000)
    assert header.spacing_mm == pytest.approx((0.06, 0.06, 0.06))
    assert (header.scanner_id, header.scanner_type, header.site) == (3505, 9, 4)


def test_hounsfield_units_are_those_the_fixture_documents() -> None:
    volume = read_isq(data_file(CALIBRATED), Limits(), HOUNSFIELD)
    assert np.unique(volume.values).tolist() == [-1000.0, -999.0]


def test_density_follows_the_attenuation_that_mu_scaling_makes() -> None:
    # slope 2, intercept 3, mu scaling 1000: 1 * 2 / 1000 + 3. The fixture's own reader leaves mu scaling out for ISQ
    # and documents 5; ITKIOScanco, BoneJ and its own AIM reader divide by it, and so does a scanner's calibration.
    header = read_isq_header(data_file(CALIBRATED), Limits())
    assert density_equation(header) == (0.002, 3.0)
    volume = read_isq(data_file(CALIBRATED), Limits(), DENSITY)
    assert np.unique(volume.values).tolist() == [3.0, float(np.float32(3.002))]
    assert (volume.unit, volume.kind) == ("mg HA/cm3", "hrpqct")


def test_a_real_scanners_numbers_give_the_density_of_bone(tmp_path: Path) -> None:
    # XtremeCT II: slope 1603.51 mg HA/cm3 per 1/cm, intercept -391.209, mu scaling 8192 (Scanco's processing log).
    header = read_isq_header(data_file(CALIBRATED), Limits())
    slope, intercept = 1603.51 / 8192, -391.209
    assert header.calibration is not None
    assert 8192 * slope + intercept == pytest.approx(1212.3, abs=0.01)


def test_density_without_a_calibration_is_refused_and_native_is_not() -> None:
    path = data_file(BARE)
    with pytest.raises(FormatError, match="the ISQ header: found no density calibration"):
        read_isq(path, Limits(), DENSITY)
    with pytest.raises(FormatError, match="no attenuation of water"):
        hounsfield_equation(read_isq_header(path, Limits()))
    assert np.unique(read_isq(path, Limits(), NATIVE).values).tolist() == [0, 1]


def test_density_comes_slice_by_slice_too() -> None:
    path = data_file(CALIBRATED)
    header = read_isq_header(path, Limits())
    whole = read_isq(path, Limits(), DENSITY).values
    assert np.array_equal(np.stack(list(iterate_density(path, header))), whole)


def test_a_volume_of_almost_two_gigabytes_is_mapped_and_not_loaded(tmp_path: Path) -> None:
    head = bytearray(data_file(BARE).read_bytes()[:512])
    struct.pack_into("<3i", head, 44, 2304, 2304, 168)
    path = tmp_path / "large.isq"
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(512 + 2 * 2304 * 2304 * 168)
    header = read_isq_header(path, Limits(file_bytes=2 << 30))
    assert map_isq(path, header)[167, 2303, 2303] == 0


def test_a_file_that_ends_too_soon_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data_file(CALIBRATED).read_bytes()[:-1000])
    with pytest.raises(FormatError, match="the ISQ file: found 33,304 bytes, wanted 33,810 bytes, as its header says"):
        read_isq_header(tmp_path / "a", Limits())


def test_a_size_below_one_is_refused(tmp_path: Path) -> None:
    raw = bytearray(data_file(CALIBRATED).read_bytes())
    struct.pack_into("<i", raw, 44, -5)
    (tmp_path / "a").write_bytes(raw)
    with pytest.raises(FormatError, match="wanted lengths above zero"):
        read_isq_header(tmp_path / "a", Limits())


def test_another_file_is_no_isq(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"CTDATA-HEADER_V9" + bytes(600))
    with pytest.raises(FormatError, match="wanted a Scanco ISQ"):
        read_isq_header(tmp_path / "a", Limits())


def test_vax_numbers_and_instants_are_read_as_the_vax_wrote_them() -> None:
    # VAX Architecture Reference Manual: G_floating 1.0 is the words 4010 0000 0000 0000.
    assert vax_g(bytes.fromhex("1040000000000000")) == 1.0
    assert vax_g(bytes.fromhex("1ac0000000000000")) == -1.625
    assert vms_day(0) is None
    assert vms_day(0x007C95674BEB4000) is not None  # 1 January 1970 in Unix's own bridge to VMS
    assert str(vms_day(0x007C95674BEB4000)) == "1970-01-01"
    assert vms_day(vms_ticks(TAKEN)) == TAKEN
