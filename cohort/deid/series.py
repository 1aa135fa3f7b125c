"""Cleaned files of one series put together: order, facts, files with their hashes, thumbnail (pure)."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cohort.deid.steps import Cleaned, describe_evidence
from cohort.deid.thumbnail import draw_thumbnail, write_png
from cohort.deid.upload import Told
from cohort.formats.reading import read_volume
from cohort.formats.slices import order_slices
from cohort.formats.stratec import DeviceCalibration
from cohort.formats.volume import NATIVE, STORED, Values, Volume, hash_pixels

THUMBNAIL, VOLUME = "thumbnail.png", "volume.npy"
LARGEST_NPY_BYTES = 256 << 20
"""Above this a volume is read from its own file, which lies in the same place: two copies of a gigabyte help nobody."""
_CHUNK = 1 << 20


def put_together(
    told: Told, files: Sequence[Cleaned], number: int, out: Path, calibration: DeviceCalibration | None = None
) -> dict[str, Any]:
    """Return what verdicts.json says of a series, its files moved to out/<number>/ in their order.

    calibration: of the Stratec scanner, where its file came along; the equation is kept with the series' facts.
    Raises FormatError when the slices do not make a series.
    """
    ordered = order_files(files)
    told.limits.check_decoded(
        sum(4 * one.dicom.rows * one.dicom.columns * one.dicom.frames for one in files if one.dicom)
    )
    folder = out / str(number)
    folder.mkdir()
    for index, one in enumerate(ordered, 1):
        one.path.rename(folder / f"{index:04d}{one.suffix}")
    paths = sorted(folder.iterdir())
    volume = read_volume(paths, told.limits, calibration)
    low, high = volume.range
    extra = [write_volume(volume, folder)] if ordered[0].dicom is None else []
    middle = np.asarray(volume.values[volume.values.shape[0] // 2])
    picture = draw_thumbnail(middle, volume.spacing_mm[1:], volume.spacing_is, told.is_simulated)
    write_png(picture, folder / THUMBNAIL)
    first = ordered[0]
    return {
        "n": number,
        "modality": first.modality,
        "region": first.region or ("wrist" if first.modality == "film" else "forearm"),
        "side": told.side,
        "side_evidence": describe_evidence(told, first),
        "n_instances": len(ordered),
        "rows": volume.values.shape[1],
        "columns": volume.values.shape[2],
        "spacing_mm": list(volume.spacing_mm) if volume.spacing_is != "none" else [],
        "spacing_is": volume.spacing_is,
        "device": first.device,
        "taken_on": first.taken_on.isoformat() if first.taken_on else None,
        "age_years": first.age_years,
        "exposure": first.exposure | say_equation(calibration),
        "kind": kind_of(volume),
        "unit": volume.unit,
        "motion": None,
        "files": [describe_file(one, folder) for one in [*paths, *filter(None, extra), folder / THUMBNAIL]],
        "pixel_sha256": hash_pixels(volume.values),
        "volume": {"n_slices": volume.values.shape[0], "min": low, "max": high},
    }


def say_equation(calibration: DeviceCalibration | None) -> dict[str, float]:
    """Return what density, mg/cm3, was computed by, as facts of the series."""
    if calibration is None:
        return {}
    return {"density_slope": calibration.slope, "density_intercept": calibration.intercept}


def order_files(files: Sequence[Cleaned]) -> list[Cleaned]:
    """Return the files in the order of their slices."""
    facts = [one.dicom for one in files if one.dicom is not None]
    if len(files) < 2 or len(facts) != len(files):
        return list(files)
    return [files[index] for index in order_slices(facts).order]


def kind_of(volume: Volume) -> str:
    """Return what the values are, in a word."""
    return {STORED: "intensity", NATIVE: "native"}.get(volume.unit, "density")


def write_volume(volume: Volume, folder: Path) -> Path | None:
    """Write the values beside a file that is no DICOM, where they are not too large; return where they lie."""
    if volume.values.nbytes > LARGEST_NPY_BYTES:
        return None
    path = folder / VOLUME
    values: Values = np.ascontiguousarray(volume.values)
    np.save(path, values, allow_pickle=False)
    return path


def describe_file(path: Path, folder: Path) -> dict[str, Any]:
    """Return name below out/, role, hash and size of a file that was written."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    is_dicom = path.suffix == ".dcm"
    return {
        "name": f"{folder.name}/{path.name}",
        "role": {".png": "thumbnail", ".npy": "volume"}.get(path.suffix, "image"),
        "sha256": digest.hexdigest(),
        "bytes": path.stat().st_size,
        "transfer_syntax": "1.2.840.10008.1.2.1" if is_dicom else "",
    }
