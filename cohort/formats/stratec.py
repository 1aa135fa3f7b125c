"""Stratec XCT: one pQCT cross-section in a `.M01` file (pure).

Little-endian; a header of 1609 bytes, then int16 values, x fastest. Offsets as in the public readers of the pQCT plugin
(Rantalainen et al., pQCT for ImageJ) and Numerics88 pQCTIO, checked on a real scan. What a value means in mg/cm3 stands
in the scanner's own `.TYP` file and differs between scanners: without it the values stay native.
"""

import struct
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from cohort.formats import sniff
from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits, in_words
from cohort.formats.volume import DENSITY, NATIVE, PQCT, Volume

HEADER_BYTES = 1609
VOXEL_AT, OBJECT_AT, DATE_AT, DEVICE_AT = 12, 318, 986, 1050
NUMBER_AT, BIRTH_AT, NAME_AT, PATIENT_ID_AT, SIZE_AT = 1087, 1091, 1099, 1282, 1525
NAME_ROOM, PATIENT_ID_ROOM, DEVICE_ROOM = 40, 13, 13


@dataclass(frozen=True)
class StratecHeader:
    """A scan's header. size: (columns, rows). Who the patient is, is never shown."""

    size: tuple[int, int]
    voxel_mm: float
    object_length_mm: float
    device: str
    taken_on: date | None
    patient_name: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    patient_number: int = field(default=0, repr=False)
    birth_date: date | None = field(default=None, repr=False)


@dataclass(frozen=True)
class DeviceCalibration:
    """What one scanner's `.TYP` file says: density in mg/cm3 = native * slope + intercept."""

    slope: float
    intercept: float


def read_stratec_header(path: Path, limits: Limits) -> StratecHeader:
    """Return the header. Raises FormatError: a scout view or calibration, something else, or cut short."""
    n_bytes = path.stat().st_size
    limits.check_file(n_bytes)
    with path.open("rb") as stream:
        head = stream.read(sniff.SNIFFED_BYTES)
    what = sniff.sniff_bytes(head)
    if what == sniff.STRATEC_SCOUT:
        raise FormatError("the Stratec file", "a scout view or a calibration", "the scan (a file I....M01)", "scout")
    if what != sniff.STRATEC:
        raise FormatError("the file", "something else", "a Stratec scan", "not_stratec")
    x0, y0, columns, rows = struct.unpack_from("<4h", head, SIZE_AT)
    voxel, length = struct.unpack_from("<d", head, VOXEL_AT)[0], struct.unpack_from("<d", head, OBJECT_AT)[0]
    if columns < 1 or rows < 1 or min(x0, y0) < 0 or not 0.01 < voxel < 10:
        raise FormatError("the Stratec header", f"{columns} x {rows} of {voxel:.3g} mm", "a picture's size", "damaged")
    wanted = HEADER_BYTES + 2 * columns * rows
    if n_bytes < wanted:
        raise FormatError("the Stratec file", in_words(n_bytes), f"{in_words(wanted)}, as its header says", "truncated")
    return StratecHeader(
        size=(columns, rows),
        voxel_mm=voxel,
        object_length_mm=length if 0 < length < 2000 else 0.0,
        device=_pascal(head, DEVICE_AT, DEVICE_ROOM),
        taken_on=_day(struct.unpack_from("<i", head, DATE_AT)[0]),
        patient_name=_pascal(head, NAME_AT, NAME_ROOM),
        patient_id=_pascal(head, PATIENT_ID_AT, PATIENT_ID_ROOM),
        patient_number=struct.unpack_from("<i", head, NUMBER_AT)[0],
        birth_date=_day(struct.unpack_from("<i", head, BIRTH_AT)[0]),
    )


def read_stratec(path: Path, limits: Limits, calibration: DeviceCalibration | None = None) -> Volume:
    """Return the cross-section (1, y, x): in mg HA/cm3 with the scanner's calibration, native without.

    A file says nothing of its slice's thickness, so the z spacing is 1 by convention.
    """
    header = read_stratec_header(path, limits)
    columns, rows = header.size
    limits.check_decoded(4 * columns * rows)
    with path.open("rb") as stream:
        stream.seek(HEADER_BYTES)
        native = np.frombuffer(stream.read(2 * columns * rows), "<i2").reshape(1, rows, columns)
    spacing = (1.0, header.voxel_mm, header.voxel_mm)
    if calibration is None:
        return Volume(native.astype(np.int16), spacing, NATIVE, PQCT)
    if calibration.slope <= 0:
        raise ValueError(f"a scanner's slope is above zero, not {calibration.slope}")
    density = native.astype(np.float32) * np.float32(calibration.slope) + np.float32(calibration.intercept)
    return Volume(density, spacing, DENSITY, PQCT)


def _pascal(head: bytes, at: int, room: int) -> str:
    """Return a text whose first byte is its length."""
    length = min(head[at], room)
    return head[at + 1 : at + 1 + length].decode("latin-1").strip(" \0")


def _day(number: int) -> date | None:
    """Return the day of YYYYMMDD; None for 0 and for what the scanner writes where it knows none."""
    try:
        return date(number // 10000, number // 100 % 100, number % 100) if number > 0 else None
    except ValueError:
        return None
