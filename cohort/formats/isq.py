"""Scanco ISQ: high-resolution peripheral CT volumes, read through a memory map (pure).

512-byte blocks, little-endian; the first is the header, its last integer says how many blocks follow before the
image (int16, x fastest). The layout is the published one of ITKIOScanco and BoneJ's ISQReader. Calibration numbers are
VAX G-floating and lie in an extended header. density = native * slope / mu_scaling + intercept, for slope is mg HA/cm3
per 1/cm and native / mu_scaling is 1/cm; HU = 1000 * native / (mu_scaling * mu_water) - 1000.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits, in_words
from cohort.formats.volume import DENSITY, HOUNSFIELD, HRPQCT, NATIVE, Volume

BLOCK = 512
MAGIC = b"CTDATA-HEADER_V1"
DATE_AT, NAME_AT, NAME_BYTES, OFFSET_AT = 36, 128, 40, 508
PATIENT_INDEX_AT, MEASUREMENT_INDEX_AT = 28, 112
_ISQ_TYPE = 3
_VMS_EPOCH = datetime(1858, 11, 17)  # noqa: DTZ001 - the scanner's own clock, which knows no zone
_VMS_TICKS = 10_000_000
_DENSITY_UNITS = ("mg HA/ccm", "mg HA/cm3", "mgHA/ccm", "mg HA/cm^3")
_MOST_BLOCKS = 4096


@dataclass(frozen=True)
class Calibration:
    """What turns native values into density. slope: mg HA/cm3 per 1/cm; intercept: mg HA/cm3; mu_water: 1/cm."""

    slope: float
    intercept: float
    mu_water: float
    unit: str
    at: int
    """Where its block begins in the file, in bytes."""


@dataclass(frozen=True)
class IsqHeader:
    """An ISQ file's header. size: (x, y, z) voxels; extent_um: (x, y, z). The patient's name is never shown."""

    size: tuple[int, int, int]
    extent_um: tuple[int, int, int]
    data_at: int
    mu_scaling: int
    scanner_id: int
    scanner_type: int
    site: int
    energy_kv: float
    current_ma: float
    taken_on: date | None
    calibration: Calibration | None
    patient_name: str = field(default="", repr=False)
    patient_index: int = field(default=0, repr=False)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """(z, y, x) in mm."""
        x, y, z = (um / 1000 / n for um, n in zip(self.extent_um, self.size, strict=True))
        return z, y, x


def read_isq_header(path: Path, limits: Limits) -> IsqHeader:
    """Return the header. Raises FormatError: not an ISQ, cut short, or of no size."""
    n_bytes = path.stat().st_size
    limits.check_file(n_bytes)
    with path.open("rb") as stream:
        head = stream.read(BLOCK)
        if len(head) < BLOCK or not head.startswith(MAGIC):
            raise FormatError("the file", "something else", "a Scanco ISQ", "not_isq")
        (kind,) = struct.unpack_from("<i", head, 16)
        if kind != _ISQ_TYPE:
            raise FormatError("the Scanco file", f"data of type {kind}", "an ISQ volume (type 3)", "not_isq")
        (blocks,) = struct.unpack_from("<i", head, OFFSET_AT)
        if not 0 <= blocks <= _MOST_BLOCKS:
            raise FormatError("the ISQ header", f"{blocks} further blocks", f"0 to {_MOST_BLOCKS}", "damaged")
        extended = stream.read(blocks * BLOCK)
    sizes = struct.unpack_from("<6i", head, 44)
    size, extent = (sizes[0], sizes[1], sizes[2]), (sizes[3], sizes[4], sizes[5])
    if min(*size, *extent) < 1 or max(size) > 1 << 16:
        raise FormatError("the ISQ header", f"a size of {size} over {extent} um", "lengths above zero", "damaged")
    data_at = (blocks + 1) * BLOCK
    wanted = data_at + 2 * size[0] * size[1] * size[2]
    if n_bytes < wanted:
        raise FormatError("the ISQ file", in_words(n_bytes), f"{in_words(wanted)}, as its header says", "truncated")
    return _header(head, extended, size, extent, data_at)


def _header(
    head: bytes, extended: bytes, size: tuple[int, int, int], extent: tuple[int, int, int], data_at: int
) -> IsqHeader:
    (ticks,) = struct.unpack_from("<Q", head, DATE_AT)
    return IsqHeader(
        size=size,
        extent_um=extent,
        data_at=data_at,
        mu_scaling=struct.unpack_from("<i", head, 88)[0],
        scanner_id=struct.unpack_from("<i", head, 32)[0],
        scanner_type=struct.unpack_from("<i", head, 104)[0],
        site=struct.unpack_from("<i", head, 116)[0],
        energy_kv=struct.unpack_from("<i", head, 168)[0] / 1000,
        current_ma=struct.unpack_from("<i", head, 172)[0] / 1000,
        taken_on=vms_day(ticks),
        calibration=_find_calibration(extended),
        patient_name=head[NAME_AT : NAME_AT + NAME_BYTES].decode("latin-1").strip(" \0"),
        patient_index=struct.unpack_from("<i", head, PATIENT_INDEX_AT)[0],
    )


def vms_day(ticks: int) -> date | None:
    """Return the day of a VMS instant in units of 100 ns since 17 November 1858; None for zero."""
    if ticks == 0:
        return None
    try:
        return (_VMS_EPOCH + timedelta(seconds=ticks // _VMS_TICKS)).date()
    except OverflowError:
        raise FormatError("the date of the ISQ header", "no day of the calendar", "a day", "date") from None


def vms_ticks(day: date) -> int:
    """Return the VMS instant of a day's midnight."""
    return (day - _VMS_EPOCH.date()).days * 86_400 * _VMS_TICKS


def vax_g(eight: bytes) -> float:
    """Return a VAX G-floating number: 16-bit words in reverse order, exponent bias two more than IEEE's."""
    a, b, c, d = struct.unpack("<4H", eight)
    value: float = struct.unpack(">d", struct.pack(">4H", a, b, c, d))[0]
    return value / 4


def list_extended_blocks(extended: bytes) -> list[tuple[str, int, int]]:
    """Return (name, first byte, bytes) of each part of the extended header, as its table of contents says."""
    found: list[tuple[str, int, int]] = []
    table, at = 0, BLOCK
    if extended[8:24] == b"MultiHeader     ":
        table, at = BLOCK, 2 * BLOCK
    for index in range(4):
        entry = extended[table + index * 128 : table + (index + 1) * 128]
        if len(entry) < 28:
            break
        n_bytes = struct.unpack_from("<i", entry, 24)[0] * BLOCK
        if n_bytes <= 0 or at + n_bytes > len(extended):
            break
        found.append((entry[8:24].decode("latin-1").strip(" \0"), at, n_bytes))
        at += n_bytes
    return found


def _find_calibration(extended: bytes) -> Calibration | None:
    for name, at, n_bytes in list_extended_blocks(extended):
        if name == "Calibration" and n_bytes >= 1024:
            block = extended[at : at + n_bytes]
            return Calibration(
                slope=vax_g(block[664:672]),
                intercept=vax_g(block[672:680]),
                mu_water=vax_g(block[688:696]),
                unit=block[648:664].decode("latin-1").strip(" \0"),
                at=BLOCK + at,
            )
    return None


def density_equation(header: IsqHeader) -> tuple[float, float]:
    """Return (m, b) of density = native * m + b, in mg HA/cm3. Raises FormatError without a calibration."""
    found = header.calibration
    if found is None or found.unit not in _DENSITY_UNITS or found.slope <= 0 or header.mu_scaling <= 1:
        raise FormatError(
            "the ISQ header", "no density calibration", "slope, intercept and mu scaling in mg HA/cm3", "uncalibrated"
        )
    return found.slope / header.mu_scaling, found.intercept


def hounsfield_equation(header: IsqHeader) -> tuple[float, float]:
    """Return (m, b) of HU = native * m + b. Raises FormatError without the attenuation of water."""
    found = header.calibration
    if found is None or found.mu_water <= 0 or header.mu_scaling <= 1:
        raise FormatError("the ISQ header", "no attenuation of water", "a calibrated file", "uncalibrated")
    return 1000.0 / (header.mu_scaling * found.mu_water), -1000.0


def map_isq(path: Path, header: IsqHeader) -> NDArray[np.int16]:
    """Return the native values (z, y, x) as they lie in the file: nothing is loaded until it is looked at."""
    x, y, z = header.size
    return np.memmap(path, dtype="<i2", mode="r", offset=header.data_at, shape=(z, y, x))


def iterate_density(path: Path, header: IsqHeader) -> Iterator[NDArray[np.float32]]:
    """Yield slices (y, x) in mg HA/cm3, one after another."""
    slope, intercept = density_equation(header)
    for native in map_isq(path, header):
        yield (native * slope + intercept).astype(np.float32)


def read_isq(path: Path, limits: Limits, unit: str = DENSITY) -> Volume:
    """Return the volume in a unit: density or HU as float32, or native as it lies in the file.

    Raises FormatError for density without a calibration, and for what would be larger than the limit.
    """
    header = read_isq_header(path, limits)
    native = map_isq(path, header)
    if unit == NATIVE:
        return Volume(native, header.spacing_mm, NATIVE, HRPQCT)
    slope, intercept = density_equation(header) if unit == DENSITY else hounsfield_equation(header)
    limits.check_decoded(native.size * 4)
    values = np.empty(native.shape, np.float32)
    for index, slab in enumerate(native):
        values[index] = slab * slope + intercept
    return Volume(values, header.spacing_mm, DENSITY if unit == DENSITY else HOUNSFIELD, HRPQCT)
