"""One bone volume from whatever a scanner or a laboratory wrote: the door that `measure` and `strength` share (pure).

What a file is, is told by its content: a folder of DICOM slices, a Scanco ISQ or AIM, a Stratec scan, a NIfTI. Every
refusal is one `Unusable` with a sentence that names the thing, what was found and what was wanted.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError, SpatialImage
from numpy.typing import NDArray

from cohort.formats import sniff
from cohort.formats.errors import FormatError
from cohort.formats.limits import MEBIBYTE, Limits
from cohort.formats.reading import read_volume
from cohort.formats.volume import DENSITY, HRPQCT, STORED, Volume

LIMITS: Final = Limits(file_bytes=4096 * MEBIBYTE, decoded_bytes=8192 * MEBIBYTE)
"""Larger than the portal's: a whole XtremeCT II volume is 1.8 GB, and whoever calls this owns the machine."""

_NIFTI_ENDS: Final = (".nii", ".nii.gz")
_MM_OF_UNIT: Final = {"mm": 1.0, "micron": 1e-3, "meter": 1e3, "unknown": 1.0}
"""NIfTI-1's spatial units; where none is written, mm is what everybody means."""


# Colours have no number, a code of units may name none, a length may be negative or its bytes not what zlib packs.
_NO_NIFTI: Final = (
    ImageFileError,
    HeaderDataError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    zlib.error,
)


class Unusable(ValueError):
    """What was given cannot be measured; the sentence says what was found and what was wanted."""


@dataclass(frozen=True)
class Opened:
    """One volume, ready to be measured.

    values: float32 (z, y, x) in `unit`. spacing_mm: (z, y, x). unit, kind: words of `cohort.formats.volume`.
    name: the file or folder. bone: bool (z, y, x), true in bone, where the caller said how it is told; else None.
    """

    values: NDArray[np.float32]
    spacing_mm: tuple[float, float, float]
    unit: str
    kind: str
    name: str
    bone: NDArray[np.bool_] | None = None


def open_volume(path: Path, *, segmented: bool = False, threshold: float | None = None) -> Opened:
    """Return the volume of a file or a folder of DICOM slices.

    segmented: every voxel other than zero is bone. threshold: every voxel above it is bone, in the volume's own unit.
    Raises Unusable: nothing there, unreadable, no spacing, values that are not finite, both or an empty choice of bone.
    """
    if segmented and threshold is not None:
        raise Unusable("the bone: found both 'segmented' and a threshold, wanted one of them")
    volume = _read(path)
    if volume.spacing_is == "none":
        raise Unusable(f"{path.name}: found no spacing in the header, wanted the size of a voxel in mm")
    values = np.ascontiguousarray(volume.values, dtype=np.float32)
    if not np.isfinite(values).all():
        raise Unusable(f"{path.name}: found values that are not finite, wanted numbers in every voxel")
    bone = _tell_bone(values, segmented=segmented, threshold=threshold)
    return Opened(values, volume.spacing_mm, volume.unit, volume.kind, path.name, bone)


def _tell_bone(values: NDArray[np.float32], *, segmented: bool, threshold: float | None) -> NDArray[np.bool_] | None:
    if not segmented and threshold is None:
        return None
    bone = np.asarray(values != 0) if threshold is None else np.asarray(values > np.float32(threshold))
    if not bone.any():
        found = "only zeros" if threshold is None else f"nothing above {threshold:g}; the highest is {values.max():g}"
        raise Unusable(f"no bone: found {found}, wanted at least one voxel of bone")
    return bone


def _read(path: Path) -> Volume:
    try:
        if not path.exists():
            raise Unusable(f"{path}: found no such file or folder, wanted a volume")
        if path.is_dir():
            return read_volume(_list_slices(path), LIMITS)
        if path.name.lower().endswith(_NIFTI_ENDS):
            return _read_nifti(path)
        return read_volume([path], LIMITS)
    except FormatError as error:
        raise Unusable(f"{path.name}: {error}") from None
    except OSError as error:
        raise Unusable(f"{path.name}: it cannot be read: {error.strerror or error}") from None


def _list_slices(folder: Path) -> list[Path]:
    files = [one for one in sorted(folder.iterdir()) if one.is_file() and not one.name.startswith(".")]
    slices = [one for one in files if sniff.sniff(one) in {sniff.DICOM, sniff.DICOM_BARE}]
    if not slices:
        raise Unusable(
            f"{folder.name}: found {len(files)} files and no DICOM among them, wanted the slices of a series"
        )
    return slices


def _read_nifti(path: Path) -> Volume:
    """Return a NIfTI's volume; its axes are x, y, z in the file.

    A NIfTI has no field for what its values mean. `mg HA/cm3` in its description or intent name is taken at its word;
    without it the values are stored values, and no density is given.
    """
    try:
        image = nibabel.load(path)
        if not isinstance(image, SpatialImage):
            raise Unusable(f"{path.name}: found no image in it, wanted a NIfTI volume")
        header: Any = image.header
        LIMITS.check_decoded(4 * int(np.prod(image.shape, dtype=np.int64)))
        values = np.asarray(image.dataobj, dtype=np.float32)
        unit_mm = _MM_OF_UNIT[str(header.get_xyzt_units()[0])]
    except (Unusable, FormatError):
        raise
    except _NO_NIFTI:
        raise Unusable(
            f"{path.name}: found something else or a damaged file, wanted a NIfTI volume of numbers"
        ) from None
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3 or 0 in values.shape:
        raise Unusable(f"{path.name}: found axes {values.shape}, wanted one volume (x, y, z)")
    x, y, z = (float(step) * unit_mm for step in header.get_zooms()[:3])
    if not all(np.isfinite(step) and step > 0 for step in (z, y, x)):
        raise Unusable(f"{path.name}: found a spacing of {x:g} x {y:g} x {z:g} mm, wanted three lengths above zero")
    words = bytes(header["descrip"]).decode("latin-1") + bytes(header["intent_name"]).decode("latin-1")
    unit = DENSITY if DENSITY in words else STORED
    return Volume(values.transpose(2, 1, 0), (z, y, x), unit, HRPQCT)
