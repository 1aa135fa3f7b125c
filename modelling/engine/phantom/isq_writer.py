"""A Scanco ISQ as an XtremeCT II writes it, from density; the name in its header says SIMULATED. Pure but for the file.

The layout is that which `cohort.formats.isq` reads: 512-byte blocks, a header, an extended header with the density
calibration in VAX numbers, then int16.
"""

import struct
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cohort.formats.isq import BLOCK, DATE_AT, MAGIC, NAME_AT, NAME_BYTES, OFFSET_AT, vms_ticks

SLOPE, INTERCEPT, MU_WATER, MU_SCALING = 1600.0, -390.0, 0.2409, 8192
"""mg HA/cm3 per 1/cm; mg HA/cm3; 1/cm; native values per 1/cm."""
_UNIT = b"mg HA/ccm".ljust(16)
_EXTENDED_BLOCKS = 4
_RADIUS_SITE = {"R": 20, "L": 21}


def to_vax_g(value: float) -> bytes:
    """Return the eight bytes of a VAX G-floating number: `cohort.formats.isq.vax_g` reads it back."""
    if value == 0:
        return bytes(8)
    return struct.pack("<4H", *struct.unpack(">4H", struct.pack(">d", value * 4.0)))


def write_isq(
    path: Path, density: NDArray[np.float32], voxel_mm: float, name: str, side: str, taken_on: date, first_mm: float
) -> None:
    """Write a volume (z, y, x) in mg HA/cm3. name: must hold the mark SIMULATED and fit into 40 bytes.

    first_mm: how far above the joint the first slice lies. Raises ValueError for a name without the mark.
    """
    if "SIMULATED" not in name or len(name.encode("latin-1")) > NAME_BYTES:
        raise ValueError(f"the name '{name}'; wanted SIMULATED in it and at most {NAME_BYTES} bytes")
    native = np.clip(np.round((density - INTERCEPT) * (MU_SCALING / SLOPE)), -32768, 32767).astype("<i2")
    head = bytearray(BLOCK)
    head[: len(MAGIC)] = MAGIC
    z, y, x = native.shape
    um = round(voxel_mm * 1000)
    # Readers divide the extent by the voxels: a voxel need not be whole micrometres, as 60.7 is not.
    extents = [round(n * voxel_mm * 1000) for n in (x, y, z)]
    blocks = 1 + _EXTENDED_BLOCKS + -(-native.nbytes // BLOCK)
    struct.pack_into("<4i", head, 16, 3, 0, blocks, 1)
    struct.pack_into("<i", head, 32, 9999)
    struct.pack_into("<Q", head, DATE_AT, vms_ticks(taken_on))
    struct.pack_into("<9i", head, 44, x, y, z, *extents, um, um, round(first_mm * 1000))
    struct.pack_into("<5i", head, 80, int(native.min()), int(native.max()), MU_SCALING, x, 900)
    struct.pack_into("<4i", head, 100, extents[0], 9, 100_000, 1)
    struct.pack_into("<3i", head, 116, _RADIUS_SITE[side], 0, 3)
    head[NAME_AT : NAME_AT + NAME_BYTES] = name.encode("latin-1").ljust(NAME_BYTES)
    struct.pack_into("<2i", head, 168, 68_000, 1_460)
    struct.pack_into("<i", head, OFFSET_AT, _EXTENDED_BLOCKS)
    with path.open("wb") as stream:
        stream.write(bytes(head) + _extended())
        native.tofile(stream)


def _extended() -> bytes:
    """Return the extended header: a block that says so, a table of contents, and the calibration."""
    extended = bytearray(_EXTENDED_BLOCKS * BLOCK)
    extended[8:24] = b"MultiHeader".ljust(16)
    extended[BLOCK + 8 : BLOCK + 24] = b"Calibration".ljust(16)
    struct.pack_into("<i", extended, BLOCK + 24, 2)
    at = 2 * BLOCK
    extended[at + 648 : at + 664] = _UNIT
    extended[at + 664 : at + 672] = to_vax_g(SLOPE)
    extended[at + 672 : at + 680] = to_vax_g(INTERCEPT)
    extended[at + 688 : at + 696] = to_vax_g(MU_WATER)
    return bytes(extended)
