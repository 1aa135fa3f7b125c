"""Scanco AIM: written by a peer (AimIO), and what it cannot write byte by byte after the published layout."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import py_aimio
import pytest
from numpy.typing import NDArray

from cohort.formats.aim import MAGIC, read_aim, read_aim_header
from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits
from cohort.formats.reading import read_volume
from cohort.formats.volume import DENSITY, NATIVE

LOG = (
    "! Processing Log\nPatient Name                  MUSTERFRAU\nMu_Scaling                    8192\n"
    "HU: mu water                  0.2409\n"
    "Density: unit                 mg HA/ccm\nDensity: slope                1600.0\n"
    "Density: intercept            -390.0\n"
)
VALUES = np.arange(24, dtype="<i2").reshape(2, 3, 4) * 300
SHORT, RUNS, VALUE_RUNS, BITS = 0x00020002, 0x00150001, 0x00080002, 0x00060001


def vax_f(value: float) -> bytes:
    high, low = struct.unpack(">2H", struct.pack(">f", value * 4))
    return struct.pack("<2H", high, low)


def write_aim(
    path: Path,
    data: bytes,
    *,
    wide: bool,
    stored: int = SHORT,
    log: str = LOG,
    size: tuple[int, ...] = (4, 3, 2),
    off: tuple[int, ...] = (0, 0, 0),
) -> Path:
    whole, numbers = ("q" if wide else "i"), [0, 0, 0, *size, *off] + [0] * 12
    image = bytes(12 if wide else 20) + struct.pack("<i", stored) + struct.pack(f"<21{whole}", *numbers)
    image += struct.pack("<3q", 60700, 60700, 60800) if wide else vax_f(0.0607) * 2 + vax_f(0.0608)
    image += bytes(16 if wide else 20)
    sizes = struct.pack(f"<5{whole}", 40 if wide else 20, len(image), len(log), len(data), 0)
    path.write_bytes((MAGIC if wide else b"") + sizes + image + log.encode("latin-1") + data)
    return path


def write_old_aim(path: Path, data: bytes, *, version: int, parts: int) -> Path:
    """Write version 1.0 or 1.1 (10, 11), whose voxels are cubes, in a file of so many parts."""
    image = bytes(16) + struct.pack("<i", SHORT) + struct.pack("<12i", 4, 3, 2, *[0] * 9) + vax_f(0.082) + bytes(20)
    image += bytes(4 if version == 11 else 0)
    sizes = [4 * (parts + 1), len(image), len(LOG), len(data), 0][: parts + 1]
    path.write_bytes(struct.pack(f"<{parts + 1}i", *sizes) + image + LOG.encode() + data)
    return path


def make_ball(edge: int, dtype: str) -> NDArray[Any]:
    """Return a ball of 127 in a volume of uneven lengths, (z, y, x)."""
    z, y, x = np.ogrid[:edge, : edge + 1, : edge + 3]
    return np.where((z - edge / 2) ** 2 + (y - edge / 2) ** 2 + (x - edge / 2) ** 2 < (edge / 3) ** 2, 127, 0).astype(
        dtype
    )


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
@pytest.mark.parametrize("n_values", [2, 3])
def test_what_a_peer_wrote_is_read_as_it_was(tmp_path: Path, dtype: str, n_values: int) -> None:
    values = make_ball(31, dtype)
    if n_values > 2:
        values[0, 0, :5] = 64
    meta = {"processing_log": "no numbers\n", "element_size": (0.0607, 0.0607, 0.0608)}
    py_aimio.write_aim(str(tmp_path / "a.aim"), values, meta, unit="native")
    volume = read_volume([tmp_path / "a.aim"])
    np.testing.assert_array_equal(volume.values, values)
    assert (volume.unit, volume.values.dtype) == (NATIVE, np.dtype(dtype))
    assert volume.spacing_mm == pytest.approx((0.0608, 0.0607, 0.0607), rel=1e-6)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_a_peers_calibration_gives_its_densities(tmp_path: Path, dtype: str) -> None:
    meta = {"processing_log": py_aimio.log_to_dict(LOG), "element_size": (0.082, 0.082, 0.082)}
    py_aimio.write_aim(str(tmp_path / "a.aim"), make_ball(20, dtype), meta, unit="native")
    wanted, _ = py_aimio.read_aim(str(tmp_path / "a.aim"), density=True)
    volume = read_volume([tmp_path / "a.aim"])
    assert volume.unit == DENSITY
    np.testing.assert_allclose(volume.values, wanted, rtol=1e-5)


@pytest.mark.parametrize("wide", [False, True])
def test_the_border_that_run_lengths_leave_out_is_empty(tmp_path: Path, wide: bool) -> None:
    inside = np.array([[[1, 1, 2]], [[2, 0, 0]]], np.int8)
    data = bytes(8 if wide else 4) + bytes([0, 0, 1, 2, 2, 2, 0, 2])
    path = write_aim(tmp_path / "b.aim", data, wide=wide, stored=VALUE_RUNS, size=(5, 3, 4), off=(1, 1, 1))
    np.testing.assert_array_equal(read_volume([path]).values, np.pad(inside, 1))


def test_a_border_with_nothing_inside_is_refused(tmp_path: Path) -> None:
    path = write_aim(tmp_path / "b.aim", bytes(20), wide=True, stored=VALUE_RUNS, off=(2, 0, 0))
    with pytest.raises(FormatError, match="a border of 2, 0 and 0 voxels around 4 x 3 x 2"):
        read_volume([path])


@pytest.mark.parametrize("edge", [4, 5])
def test_bits_of_eight_voxels_a_byte_are_read(tmp_path: Path, edge: int) -> None:
    wanted = make_ball(edge, "int8")
    z, y, x = (length + length % 2 for length in wanted.shape)
    even = np.zeros((z, y, x), np.uint8)
    even[: wanted.shape[0], : wanted.shape[1], : wanted.shape[2]] = wanted != 0
    corners = [even[dz::2, dy::2, dx::2] << (4 * dz + 2 * dy + dx) for dz in (0, 1) for dy in (0, 1) for dx in (0, 1)]
    data = np.sum(corners, axis=0, dtype=np.uint8).tobytes() + bytes([127])
    path = write_aim(tmp_path / "b.aim", data, wide=False, stored=BITS, size=wanted.shape[::-1])
    np.testing.assert_array_equal(read_volume([path]).values, wanted)
    with pytest.raises(FormatError, match="AIM values"):
        read_aim(write_aim(tmp_path / "c.aim", data[:-1], wide=False, stored=BITS, size=wanted.shape[::-1]), Limits())


@pytest.mark.parametrize(("version", "parts"), [(10, 3), (10, 4), (11, 3), (11, 4)])
def test_the_first_versions_are_read(tmp_path: Path, version: int, parts: int) -> None:
    volume = read_volume([write_old_aim(tmp_path / "o.aim", VALUES.tobytes(), version=version, parts=parts)])
    assert volume.spacing_mm == pytest.approx((0.082,) * 3, rel=1e-6)
    np.testing.assert_allclose(volume.values, VALUES * (1600 / 8192) - 390, rtol=1e-6)


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
