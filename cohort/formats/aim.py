"""Scanco AIM: volumes and segmentations of high-resolution peripheral CT (pure).

Little-endian: sizes of the parts, a structure of the image, the processing log as text, then the values, x fastest.
Versions 1 and 2 have 32-bit whole numbers and a voxel's edges as VAX F-floating in mm; version 3 begins with its name,
has 64-bit whole numbers and the edges in nanometres. The layout is the published one of Numerics88 AimIO, the types
those of it and of ITKIOScanco. Segmentations are mostly packed: as run lengths, of which a border (`off`) is left out,
or as bits of 2 x 2 x 2 voxels. Calibration stands in the log: density = native * slope / Mu_Scaling + intercept. The
log names the patient: of it only the numbers below are read.
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
_RUNS, _VALUE_RUNS, _BITS, _VAX = 0x00150001, 0x00080002, 0x00060001, 0x00040004
_TYPES: dict[int, str] = {
    0x00010001: "<i1",
    0x00160001: "<u1",
    0x00020002: "<i2",
    0x00170002: "<u2",
    0x00030004: "<i4",
    0x001A0004: "<f4",
}
_DENSITY_UNITS = ("mg HA/ccm", "mg HA/cm3", "mgHA/ccm", "mg HA/cm^3")
_MOST_LOG = 1 << 20
_MOST_PARTS = 16
_NUMBER = r"\s+([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"


@dataclass(frozen=True)
class _Layout:
    """Where what stands in the image's structure. one_edge: all edges of a voxel are alike and stand there once."""

    type_at: int
    size_at: int
    off_at: int
    edges_at: int
    one_edge: bool = False


_WIDE, _NARROW, _OLD = _Layout(12, 40, 64, 184), _Layout(20, 36, 48, 108), _Layout(16, 20, 32, 68, one_edge=True)
_LAYOUTS = {(True, 224): _WIDE, (False, 140): _NARROW, (False, 96): _OLD, (False, 92): _OLD}
"""By whether it is version 3 and by the structure's length in bytes."""


@dataclass(frozen=True)
class AimHeader:
    """An AIM file's header. size: (x, y, z) voxels. off: the border (x, y, z) that run lengths leave out.

    density: (m, b) of density = native * m + b, None uncalibrated.
    """

    size: tuple[int, int, int]
    off: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    stored_as: int
    data_at: int
    data_bytes: int
    is_wide: bool
    density: tuple[float, float] | None


def read_aim_header(path: Path, limits: Limits) -> AimHeader:
    """Return the header. Raises FormatError: not an AIM, damaged, cut short, or stored in a way that is not read."""
    n_bytes = path.stat().st_size
    limits.check_file(n_bytes)
    with path.open("rb") as stream:
        is_wide = stream.read(len(MAGIC)) == MAGIC
        begin, width = (len(MAGIC), 8) if is_wide else (0, 4)
        stream.seek(begin)
        sizes = _read_sizes(stream.read(_MOST_PARTS * width), width)
        layout = _LAYOUTS.get((is_wide, sizes[1]))
        if layout is None or not 0 <= sizes[2] <= _MOST_LOG or sizes[3] < 0:
            raise FormatError("the file", "something else", "a Scanco AIM", "not_aim")
        stream.seek(begin + sizes[0])
        image = stream.read(sizes[1])
        log = stream.read(sizes[2]).decode("latin-1")
    data_at = begin + sum(sizes[:3])
    (stored_as,) = _unpack("<i", image[layout.type_at :])
    x, y, z = _unpack(_three(width), image[layout.size_at :])
    off = _unpack(_three(width), image[layout.off_at :])
    edges = _edges_mm(image[layout.edges_at :], layout, is_wide=is_wide)
    if min(x, y, z) < 1 or max(x, y, z) > 1 << 16 or not all(1e-4 < edge < 10 for edge in edges):
        raise FormatError("the AIM header", f"{x} x {y} x {z} voxels", "lengths above zero and a spacing", "damaged")
    if not all(0 <= 2 * border < length for border, length in zip(off, (x, y, z), strict=True)):
        found = f"a border of {off[0]}, {off[1]} and {off[2]} voxels around {x} x {y} x {z}"
        raise FormatError("the AIM header", found, "a border that leaves something inside", "damaged")
    if n_bytes < data_at + sizes[3]:
        wanted = f"{in_words(data_at + sizes[3])}, as its header says"
        raise FormatError("the AIM file", in_words(n_bytes), wanted, "truncated")
    spacing = (edges[2], edges[1], edges[0])
    return AimHeader(
        (x, y, z), (off[0], off[1], off[2]), spacing, stored_as, data_at, sizes[3], is_wide, _density_equation(log)
    )


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
    values = _decode(data, header)
    if header.density is None or values.dtype.itemsize == 1:
        return Volume(values, header.spacing_mm, NATIVE, HRPQCT)
    slope, intercept = header.density
    density = values.astype(np.float64) * slope + intercept
    return Volume(density.astype(np.float32), header.spacing_mm, DENSITY, HRPQCT)


def _decode(data: bytes, header: AimHeader) -> NDArray[Any]:
    """Return the values (z, y, x)."""
    x, y, z = header.size
    if header.stored_as in {_RUNS, _VALUE_RUNS}:
        return _decode_inside(np.frombuffer(data, np.uint8), header)
    if header.stored_as == _BITS:
        return _decode_bits(np.frombuffer(data, np.uint8), header)
    stored = "<u4" if header.stored_as == _VAX else _TYPES.get(header.stored_as)
    if stored is None:
        found = f"values stored as type {header.stored_as:#010x}"
        raise FormatError("the AIM file", found, "8, 16 or 32 bit values, run lengths or bits", "encoding")
    wanted = x * y * z * np.dtype(stored).itemsize
    if len(data) < wanted:
        raise FormatError("the AIM values", in_words(len(data)), in_words(wanted), "truncated")
    values = np.frombuffer(data, stored, x * y * z).reshape(z, y, x)
    return _vax_f(values) if header.stored_as == _VAX else values


def _decode_inside(data: NDArray[np.uint8], header: AimHeader) -> NDArray[np.int8]:
    """Return values from run lengths; the border that they leave out is zero."""
    z, y, x = (
        slice(border, length - border) for border, length in zip(header.off[::-1], header.size[::-1], strict=True)
    )
    found = np.zeros(header.size[::-1], np.int8)
    inside = found[z, y, x]
    runs = data[8 if header.is_wide else 4 :]
    values, lengths = _read_runs_of_two(runs) if header.stored_as == _RUNS else _read_value_runs(runs)
    ends = np.cumsum(lengths, dtype=np.int64)
    last = int(np.searchsorted(ends, inside.size))
    if last == ends.size:
        n = int(ends[-1]) if ends.size else 0
        raise FormatError("the AIM values", f"{n} voxels", f"{inside.size}", "truncated")
    # The last run may say more than there is room for.
    ends[last] = inside.size
    inside[...] = np.repeat(values[: last + 1], np.diff(ends[: last + 1], prepend=0)).reshape(inside.shape)
    return found


def _read_runs_of_two(data: NDArray[np.uint8]) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    """Return values and how often each stands there, of two values that take turns; 255 is 254 of one and no turn."""
    if data.size < 3:
        raise FormatError("the AIM values", "no run lengths", "two values and their lengths", "truncated")
    pair, lengths = data[:2].view(np.int8), data[2:]
    turns = np.concatenate([[0], np.cumsum(lengths[:-1] != 255)]) % 2
    return pair[turns], np.minimum(lengths, 254)


def _read_value_runs(data: NDArray[np.uint8]) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    """Return values and how often each stands there."""
    pairs = data[: data.size // 2 * 2].reshape(-1, 2)
    return pairs[:, 0].view(np.int8), pairs[:, 1]


def _decode_bits(data: NDArray[np.uint8], header: AimHeader) -> NDArray[np.int8]:
    """Return values from bytes of 2 x 2 x 2 voxels, a bit each, x fastest; the last byte is the value of a set bit."""
    x, y, z = header.size
    halves = ((z + 1) // 2, (y + 1) // 2, (x + 1) // 2)
    n = int(np.prod(halves, dtype=np.int64))
    if data.size < n + 1:
        raise FormatError("the AIM values", in_words(data.size), in_words(n + 1), "truncated")
    bits = np.unpackbits(data[:n].reshape(*halves, 1), axis=3, bitorder="little").reshape(*halves, 2, 2, 2)
    whole = bits.transpose(0, 3, 1, 4, 2, 5).reshape(2 * halves[0], 2 * halves[1], 2 * halves[2])
    return whole[:z, :y, :x].view(np.int8) * data[n : n + 1].view(np.int8)


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


def _read_sizes(data: bytes, width: int) -> tuple[int, ...]:
    """Return the lengths in bytes of this list itself, of the image's structure, the log and the values."""
    form = "q" if width == struct.calcsize("<q") else "i"
    (first,) = _unpack(f"<{form}", data)
    if not 4 * width <= first <= _MOST_PARTS * width:
        raise FormatError("the file", "something else", "a Scanco AIM", "not_aim")
    return _unpack(f"<4{form}", data)


def _three(width: int) -> str:
    return "<3q" if width == struct.calcsize("<q") else "<3i"


def _edges_mm(data: bytes, layout: _Layout, *, is_wide: bool) -> tuple[float, float, float]:
    """Return the edges of a voxel (x, y, z), mm."""
    if is_wide:
        x, y, z = (nanometres * 1e-6 for nanometres in _unpack("<3q", data))
        return x, y, z
    stored = _unpack("<I", data) * 3 if layout.one_edge else _unpack("<3I", data)
    x, y, z = _vax_f(np.array(stored, "<u4")).tolist()
    return x, y, z


def _vax_f(stored: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Return VAX F-floating numbers: their 16-bit words stand in reverse order, the exponent's bias is two more."""
    return np.asarray((stored << 16 | stored >> 16).view(np.float32) / np.float32(4))


def _unpack(form: str, data: bytes) -> tuple[int, ...]:
    if len(data) < struct.calcsize(form):
        raise FormatError("the AIM header", "an end in the middle", "a whole header", "truncated")
    return struct.unpack(form, data[: struct.calcsize(form)])
