"""Scanco AIM: volumes and segmentations of high-resolution peripheral CT (pure).

Little-endian: sizes of the parts, a structure of the image, the processing log as text, then the values, x fastest.
Version 2 has 32-bit whole numbers and the voxel's edges as VAX F-floating in mm; version 3 begins with its name, has
64-bit whole numbers and the edges in nanometres. The layout is the published one of ITKIOScanco and Numerics88 AimIO.
Calibration stands in the log: density = native * slope / Mu_Scaling + intercept. The log names the patient: of it
only the numbers below are read.
"""

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits, in_words
from cohort.formats.volume import DENSITY, HRPQCT, NATIVE, Volume

MAGIC = b"AIMDATA_V030   \0"
_NUMBERS_AT = {False: 24, True: 16}
"""Where the whole numbers of the image's structure begin, by width; how the values are stored stands just before."""
_N_NUMBERS = 21
_RUNS = 0x00150001
_TYPES: dict[int, str] = {0x00010001: "<i1", 0x00160001: "<u1", 0x00020002: "<i2", 0x00030004: "<i4", 0x001A0004: "<f4"}
_DENSITY_UNITS = ("mg HA/ccm", "mg HA/cm3", "mgHA/ccm", "mg HA/cm^3")
_MOST_LOG = 1 << 20
_NUMBER = r"\s+([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"


@dataclass(frozen=True)
class AimHeader:
    """An AIM file's header. size: (x, y, z) voxels. density: (m, b) of density = native * m + b, None uncalibrated."""

    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    stored_as: int
    data_at: int
    data_bytes: int
    wide: bool
    density: tuple[float, float] | None


def read_aim_header(path: Path, limits: Limits) -> AimHeader:
    """Return the header. Raises FormatError: not an AIM, damaged, cut short, or stored in a way that is not read."""
    n_bytes = path.stat().st_size
    limits.check_file(n_bytes)
    with path.open("rb") as stream:
        wide = stream.read(len(MAGIC)) == MAGIC
        begin, whole, width = (len(MAGIC), "q", 8) if wide else (0, "i", 4)
        stream.seek(begin)
        sizes = _unpack(f"<5{whole}", stream.read(5 * width))
        at = _NUMBERS_AT[wide]
        least = at + (_N_NUMBERS + 3) * width
        if sizes[0] != 5 * width or not least <= sizes[1] < 4096 or not 0 <= sizes[2] <= _MOST_LOG or sizes[3] < 0:
            raise FormatError("the file", "something else", "a Scanco AIM", "not_aim")
        image = stream.read(sizes[1])
        log = stream.read(sizes[2]).decode("latin-1")
    data_at = begin + sum(sizes[:3])
    (stored_as,) = _unpack("<i", image[at - 4 : at])
    numbers = _unpack(f"<{_N_NUMBERS}{whole}", image[at : at + _N_NUMBERS * width])
    x, y, z = numbers[3:6]
    edges = _edges_mm(image[at + _N_NUMBERS * width :], wide=wide)
    if min(x, y, z) < 1 or max(x, y, z) > 1 << 16 or not all(1e-4 < edge < 10 for edge in edges):
        raise FormatError("the AIM header", f"{x} x {y} x {z} voxels", "lengths above zero and a spacing", "damaged")
    if n_bytes < data_at + sizes[3]:
        wanted = f"{in_words(data_at + sizes[3])}, as its header says"
        raise FormatError("the AIM file", in_words(n_bytes), wanted, "truncated")
    spacing = (edges[2], edges[1], edges[0])
    return AimHeader((x, y, z), spacing, stored_as, data_at, sizes[3], wide, _density_equation(log))


def read_aim(path: Path, limits: Limits) -> Volume:
    """Return the volume: in mg HA/cm3 as float32 where it is calibrated and not a segmentation, else native.

    A segmentation (8-bit or run-length values) is native even where its log carries the scan's calibration.
    """
    header = read_aim_header(path, limits)
    x, y, z = header.size
    limits.check_decoded(4 * x * y * z)
    with path.open("rb") as stream:
        stream.seek(header.data_at)
        data = stream.read(header.data_bytes)
    values = _decode(data, header).reshape(z, y, x)
    if header.density is None or values.dtype.itemsize == 1:
        return Volume(values, header.spacing_mm, NATIVE, HRPQCT)
    slope, intercept = header.density
    density = values.astype(np.float64) * slope + intercept
    return Volume(density.astype(np.float32), header.spacing_mm, DENSITY, HRPQCT)


def _decode(data: bytes, header: AimHeader) -> NDArray[Any]:
    n = int(np.prod(header.size, dtype=np.int64))
    if header.stored_as == _RUNS:
        return _decode_runs(np.frombuffer(data, np.uint8), 8 if header.wide else 4, n)
    stored = _TYPES.get(header.stored_as)
    if stored is None:
        found = f"values stored as type {header.stored_as:#010x}"
        raise FormatError("the AIM file", found, "8, 16 or 32 bit values or run lengths", "encoding")
    wanted = n * np.dtype(stored).itemsize
    if len(data) < wanted:
        raise FormatError("the AIM values", in_words(len(data)), in_words(wanted), "truncated")
    return np.frombuffer(data, stored, n)


def _decode_runs(data: NDArray[np.uint8], width: int, n: int) -> NDArray[np.int8]:
    """Return values from run lengths of two values in turn; 255 is a run of 254 that goes on with the same value."""
    if data.size < width + 3:
        raise FormatError("the AIM values", "no run lengths", "two values and their lengths", "truncated")
    pair, lengths = data[width : width + 2].view(np.int8), data[width + 2 :]
    turns = np.concatenate([[0], np.cumsum(lengths[:-1] != 255)]) % 2
    values = np.repeat(pair[turns], np.where(lengths == 255, 254, lengths))
    if values.size < n:
        raise FormatError("the AIM values", f"{values.size} voxels", f"{n}", "truncated")
    return np.asarray(values[:n])


def _density_equation(log: str) -> tuple[float, float] | None:
    unit = re.search(r"^Density: unit\s+(\S.*?)\s*$", log, re.MULTILINE)
    found = [
        re.search(rf"^{name}{_NUMBER}", log, re.MULTILINE)
        for name in ("Mu_Scaling", "Density: slope", "Density: intercept")
    ]
    if unit is None or unit[1] not in _DENSITY_UNITS or any(one is None for one in found):
        return None
    scaling, slope, intercept = (float(one[1]) for one in found if one is not None)
    return (slope / scaling, intercept) if scaling > 1 and slope > 0 else None


def _edges_mm(data: bytes, *, wide: bool) -> tuple[float, float, float]:
    """Return the edges of a voxel (x, y, z), mm."""
    if wide:
        x, y, z = (nanometres * 1e-6 for nanometres in _unpack("<3q", data[:24]))
    else:
        x, y, z = (_vax_f(data[at : at + 4]) for at in (0, 4, 8))
    return x, y, z


def _vax_f(four: bytes) -> float:
    """Return a VAX F-floating number: its 16-bit words in reverse order, exponent bias two more than IEEE's."""
    high, low = _unpack("<2H", four)
    value: float = struct.unpack(">f", struct.pack(">2H", high, low))[0]
    return value / 4


def _unpack(form: str, data: bytes) -> tuple[int, ...]:
    if len(data) < struct.calcsize(form):
        raise FormatError("the AIM header", "an end in the middle", "a whole header", "truncated")
    return struct.unpack(form, data[: struct.calcsize(form)])
