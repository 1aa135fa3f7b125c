"""Damaged and foreign NIfTI files: each is refused with a sentence, whatever its reader stumbles over."""

import gzip
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from modelling.engine.opening import Unusable, open_volume

UNITS_AT, FIRST_LENGTH_AT = 123, slice(42, 44)
"""NIfTI-1's `xyzt_units` and `dim[1]`."""


def save(path: Path, values: np.ndarray) -> Path:
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    return path


def plain(folder: Path) -> bytearray:
    return bytearray(save(folder / "plain.nii", np.ones((4, 5, 6), np.float32)).read_bytes())


def write_colours(folder: Path) -> Path:
    return save(folder / "colours.nii", np.zeros((4, 5, 6), [("R", "u1"), ("G", "u1"), ("B", "u1")]))


def write_unknown_unit(folder: Path) -> Path:
    raw = plain(folder)
    raw[UNITS_AT] = 5
    (folder / "unit.nii").write_bytes(raw)
    return folder / "unit.nii"


def write_negative_length(folder: Path) -> Path:
    raw = plain(folder)
    raw[FIRST_LENGTH_AT] = (-4).to_bytes(2, "little", signed=True)
    (folder / "negative.nii").write_bytes(raw)
    return folder / "negative.nii"


def write_damaged_packing(folder: Path) -> Path:
    packed = bytearray(gzip.compress(bytes(plain(folder))))
    packed[15] ^= 255
    (folder / "damaged.nii.gz").write_bytes(packed)
    return folder / "damaged.nii.gz"


def test_a_plain_file_is_opened(tmp_path: Path) -> None:
    plain(tmp_path)
    assert open_volume(tmp_path / "plain.nii").values.shape == (6, 5, 4)


@pytest.mark.parametrize("write", [write_colours, write_unknown_unit, write_negative_length, write_damaged_packing])
def test_what_is_no_volume_of_numbers_is_refused_by_name(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    path = write(tmp_path)
    with pytest.raises(Unusable, match=f"^{path.name}: found something else or a damaged file, wanted a NIfTI"):
        open_volume(path)


def test_what_is_not_there_or_cannot_be_named_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="found no such file or folder, wanted a volume"):
        open_volume(tmp_path / "none.nii")
    with pytest.raises(Unusable, match="it cannot be read: File name too long"):
        open_volume(tmp_path / ("x" * 5000 + ".nii"))
