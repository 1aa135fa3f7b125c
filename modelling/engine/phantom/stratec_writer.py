"""A Stratec XCT scan as `cohort.formats.stratec` reads it; the name in its header says SIMULATED."""

import struct
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cohort.formats.stratec import (
    DATE_AT,
    DEVICE_AT,
    DEVICE_ROOM,
    HEADER_BYTES,
    NAME_AT,
    NAME_ROOM,
    NUMBER_AT,
    OBJECT_AT,
    PATIENT_ID_AT,
    PATIENT_ID_ROOM,
    SIZE_AT,
    VOXEL_AT,
    DeviceCalibration,
)  # fmt: skip

CALIBRATION = DeviceCalibration(slope=1.724, intercept=-322.0)
"""Of the phantom's own scanner: mg/cm3 = 1.724 x native - 322."""
DEVICE = "SIMXCT.TYP"


def write_stratec(
    path: Path, density: NDArray[np.floating], pixel_mm: float, name: str, number: str, dates: tuple[date, date]
) -> None:
    """Write one cross-section (y, x) in mg HA/cm3.

    name: holds the mark SIMULATED. number: the patient's, at most 13 characters. dates: of birth and of the scan.
    Raises ValueError for a name without the mark or a text that does not fit.
    """
    if "SIMULATED" not in name or len(name) > NAME_ROOM or len(number) > PATIENT_ID_ROOM:
        raise ValueError(f"name '{name}', number '{number}'; wanted SIMULATED, {NAME_ROOM} and {PATIENT_ID_ROOM} signs")
    native = np.round((density - CALIBRATION.intercept) / CALIBRATION.slope)
    rows, columns = native.shape
    head = bytearray(HEADER_BYTES)
    struct.pack_into("<ii", head, 0, 5, HEADER_BYTES)
    struct.pack_into("<d", head, VOXEL_AT, pixel_mm)
    struct.pack_into("<d", head, OBJECT_AT, 0.0)
    born, taken = (day.year * 10000 + day.month * 100 + day.day for day in dates)
    struct.pack_into("<i", head, DATE_AT, taken)
    struct.pack_into("<ii", head, NUMBER_AT, 1, born)
    for at, room, text in (
        (DEVICE_AT, DEVICE_ROOM, DEVICE), (NAME_AT, NAME_ROOM, name), (PATIENT_ID_AT, PATIENT_ID_ROOM, number)
    ):  # fmt: skip
        head[at] = len(text)
        head[at + 1 : at + 1 + min(room, len(text))] = text.encode("latin-1")
    struct.pack_into("<4h", head, SIZE_AT, 0, 0, columns, rows)
    path.write_bytes(bytes(head) + np.clip(native, -32768, 32767).astype("<i2").tobytes())
