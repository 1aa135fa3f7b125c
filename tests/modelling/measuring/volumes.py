"""HR-pQCT files for tests: a drawn bone as CT slices of a simulated arm, or as a Scanco ISQ of a person's."""

from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset

from cohort.formats.isq import NAME_AT, NAME_BYTES
from modelling.engine.phantom.isq_writer import write_isq
from tests.cohort.imaging.builders import _dataset

VOXEL_MM = 0.061
SLICES, RADIUS = 6, 48
"""Voxels: just enough to be a bone."""


def draw_bone() -> np.ndarray:
    """Return (z, y, x) mg HA/cm3: a round bone with a cortex of 9 voxels and plates of 4 every 12 within it."""
    size = 2 * RADIUS + 8
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    distance = np.hypot(y, x)
    plates = (np.arange(size) % 12 < 4)[None, :] & (distance < RADIUS - 9)
    picture = np.where((distance < RADIUS) & (distance >= RADIUS - 9), 900.0, np.where(plates, 600.0, 0.0))
    return np.repeat(picture[None], SLICES, axis=0).astype(np.float32)


def make_ct(code: str, density: np.ndarray, side: str = "L") -> list[bytes]:
    """Return simulated HR-pQCT slices in mg HA/cm3."""
    return [_written(_slice(code, one, side, number)) for number, one in enumerate(density)]


def _slice(code: str, density: np.ndarray, side: str, number: int) -> FileDataset:
    values = np.clip(np.round(density + 200), 0, None).astype(np.uint16)
    ds = _dataset("1.2.840.10008.5.1.4.1.1.2", "CT", f"SIM-{code}", values, 7, number + 1)
    ds.PixelSpacing, ds.SliceThickness = [VOXEL_MM, VOXEL_MM], str(VOXEL_MM)
    ds.ImagePositionPatient = [0, 0, round(VOXEL_MM * number, 4)]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.Laterality, ds.BodyPartExamined = side, "FOREARM"
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "-200", "MGML"
    return ds


def _written(ds: FileDataset) -> bytes:
    stream = BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def make_isq(density: np.ndarray, folder: Path, side: str = "L") -> bytes:
    """Return an ISQ as a scanner writes one, with nobody's name in it."""
    path = folder / "one.isq"
    write_isq(path, density, VOXEL_MM, "SIMULATED", side, date(2026, 3, 15), 9.0)
    raw = bytearray(path.read_bytes())
    raw[NAME_AT : NAME_AT + NAME_BYTES] = b" " * NAME_BYTES
    return bytes(raw)
