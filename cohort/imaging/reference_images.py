"""The gallery of real images that belong to no participant: nothing of it is simulated, nothing of it is an input."""

import json
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from cohort.deid.thumbnail import draw_thumbnail, write_png
from cohort.deid.uids import new_uid
from cohort.formats.dicom import DX
from cohort.formats.reading import read_volume
from cohort.formats.volume import FILM, STORED, Volume
from cohort.imaging.models import ReferenceImage
from portal.audit.context import name_subject, service
from portal.core.storage import put_bytes, put_file
from portal.roles.actors import Actor
from portal.roles.policy import require

FOLDER = Path(__file__).with_name("reference")
_UID_KEY = b"reference images of Trabecula"
"""No secret: these files name nobody; the same file shall have the same UID in every portal."""


def list_catalogue(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Return what the project brings, as its catalogue tells it."""
    found: list[dict[str, Any]] = json.loads((folder / "catalogue.json").read_text("utf-8"))
    return found


@service("image.add_reference")
def add_reference_image(*, actor: Actor, entry: Mapping[str, Any], folder: Path = FOLDER) -> ReferenceImage:
    """Add an image of the catalogue to the gallery, or renew it; a PNG becomes a DX that the viewer can open."""
    require(actor, "image.add_reference")
    path = folder / entry["file"]
    is_png = path.suffix == ".png"
    volume = read_png(path, entry.get("mm_per_pixel")) if is_png else read_volume([path])
    found, _ = ReferenceImage.objects.update_or_create(
        slug=entry["slug"],
        defaults={
            **{name: entry[name] for name in ("title", "kind", "source", "licence", "notice")},
            "facts": describe(volume),
            "file_sha256": put_bytes(wrap_film(volume, entry)) if is_png else "",
            "thumbnail_sha256": _keep_thumbnail(volume),
        },
    )
    name_subject(found.slug)
    return found


def read_png(path: Path, mm_per_pixel: float | None) -> Volume:
    """Return an 8-bit grey picture as a film; without a size of its pixels nothing is measured in mm."""
    with Image.open(path) as picture:
        values = np.asarray(picture.convert("L"))[np.newaxis]
    step = mm_per_pixel or 1.0
    return Volume(values, (1.0, step, step), STORED, FILM, "patient" if mm_per_pixel else "none")


def describe(volume: Volume) -> list[tuple[str, str]]:
    """Return what the gallery says of an image."""
    slices, rows, columns = volume.values.shape
    low, high = volume.range
    size = f"{columns} by {rows}" + (f" by {slices}" if slices > 1 else "")
    steps = volume.spacing_mm if slices > 1 else volume.spacing_mm[1:]
    spacing = " x ".join(f"{step:g}" for step in reversed(steps)) + " mm"
    return [
        ("Size", f"{size} {'voxels' if slices > 1 else 'pixels'}"),
        ("Spacing", spacing if volume.spacing_is != "none" else "not known"),
        ("Values", f"{low:g} to {high:g}, {volume.unit}"),
    ]


def wrap_film(volume: Volume, entry: Mapping[str, Any]) -> bytes:
    """Return a film as a DX file without a person; PatientID says that it is a reference image."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(DX)
    meta.MediaStorageSOPInstanceUID = UID(new_uid(_UID_KEY, entry["slug"]))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", Dataset(), file_meta=meta, preamble=bytes(128))
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID = new_uid(_UID_KEY, f"study {entry['slug']}")
    ds.SeriesInstanceUID = new_uid(_UID_KEY, f"series {entry['slug']}")
    ds.Modality, ds.PatientID, ds.PatientName = "DX", "REFERENCE", ""
    ds.PatientIdentityRemoved, ds.ImageLaterality = "YES", "R"
    ds.BodyPartExamined = entry.get("region", "")
    ds.ImageComments = f"Reference image. {entry['licence']}. {entry['source']}"
    ds.InstanceNumber = 1
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = volume.values.shape[1:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    if volume.spacing_is != "none":
        ds.PixelSpacing = [volume.spacing_mm[1], volume.spacing_mm[2]]
    content = volume.values.tobytes()
    ds.PixelData = content + b"\0" * (len(content) % 2)
    stream = BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _keep_thumbnail(volume: Volume) -> str:
    middle = np.asarray(volume.values[volume.values.shape[0] // 2])
    picture = draw_thumbnail(middle, volume.spacing_mm[1:], volume.spacing_is, is_simulated=False)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "thumbnail.png"
        write_png(picture, path)
        return put_file(path)
