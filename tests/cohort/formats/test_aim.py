"""Scanco AIM, both versions, written here byte by byte after the published layout."""

import struct
from pathlib import Path

import numpy as np
import pytest

from cohort.formats.aim import MAGIC, read_aim, read_aim_header
from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits
from cohort.formats.reading import read_volume
from cohort.formats.volume import DENSITY, NATIVE

LOG = (
    "! Processing Log\nPatient Name                  MUSTERFRAU\nMu_Scaling                    8192\n"
    "Density: unit                 mg HA/ccm\nDensity: slope                1600.0\n"
    "Density: intercept            -390.0\n"
)
VALUES = np.arange(24, dtype="<i2").reshape(2, 3, 4) * 300
SHORT, RUNS = 0x00020002, 0x00150001


def vax_f(value: float) -> bytes:
    high, low = struct.unpack(">2H", struct.pack(">f", value * 4))
    return struct.pack("<2H", high, low)


def write_aim(path: Path, data: bytes, *, wide: bool, stored: int = SHORT, log: str = LOG) -> Path:
    whole, numbers = ("q" if wide else "i"), [0, 0, 0, 4, 3, 2] + [0] * 15
    image = bytes(12 if wide else 20) + struct.pack("<i", stored) + struct.pack(f"<21{whole}", *numbers)
    image += struct.pack("<3q", 60700, 60700, 60800) if wide else vax_f(0.0607) * 2 + vax_f(0.0608)
    image += bytes(16 if wide else 20)
    sizes = struct.pack(f"<5{whole}", 40 if wide else 20, len(image), len(log), len(data), 0)
    path.write_bytes((MAGIC if wide else b"") + sizes + image + log.encode("latin-1") + data)
    return path


@pytest.mark.parametrize("wide", [False, True])
def test_an_aim_is_read_in_density_by_its_own_log(tmp_path: Path, wide: bool) -> None:
    volume = read_volume([write_aim(tmp_path / "a.aim", VALUES.tobytes(), wide=wide)])
    assert volume.unit == DENSITY
    assert volume.spacing_mm == pytest.approx((0.0608, 0.0607, 0.0607), rel=1e-6)
    np.testing.assert_allclose(volume.values, VALUES * (1600 / 8192) - 390, rtol=1e-6)


def test_a_segmentation_is_read_from_its_run_lengths(tmp_path: Path) -> None:
    data = struct.pack("<i", 0) + bytes([0, 127, 5, 7, 12])
    volume = read_volume([write_aim(tmp_path / "s.aim", data, wide=False, stored=RUNS)])
    assert volume.unit == NATIVE
    assert volume.values.ravel().tolist() == [0] * 5 + [127] * 7 + [0] * 12


def test_without_calibration_the_values_stay_native(tmp_path: Path) -> None:
    volume = read_aim(write_aim(tmp_path / "n.aim", VALUES.tobytes(), wide=True, log="no numbers\n"), Limits())
    assert volume.unit == NATIVE
    np.testing.assert_array_equal(volume.values, VALUES)


def test_the_header_shows_no_name(tmp_path: Path) -> None:
    assert "MUSTERFRAU" not in repr(
        read_aim_header(write_aim(tmp_path / "a.aim", VALUES.tobytes(), wide=True), Limits())
    )


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    whole = write_aim(tmp_path / "a.aim", VALUES.tobytes(), wide=False).read_bytes()
    cases = {"cut": (whole[:-5], "AIM file"), "head": (whole[:100], "end in the middle"), "text": (b"x" * 400, "not")}
    for name, (data, why) in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(FormatError, match=why if why != "not" else "wanted a Scanco AIM"):
            read_aim(tmp_path / name, Limits())
    with pytest.raises(FormatError, match="stored as type"):
        read_aim(write_aim(tmp_path / "t.aim", VALUES.tobytes(), wide=False, stored=0x00060003), Limits())
    short = struct.pack("<i", 0) + bytes([0, 127, 5, 7])
    with pytest.raises(FormatError, match="found 12 voxels, wanted 24"):
        read_aim(write_aim(tmp_path / "r.aim", short, wide=False, stored=RUNS), Limits())
