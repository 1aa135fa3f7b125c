"""Images as scanners write them, with invented people in their headers; and the real files, where they are."""

import os
import struct
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from cohort.formats.dicom import CT, DX, SC

ROOT = Path(__file__).resolve().parents[3]
NAME, BIRTH, NUMBER = "MUSTERFRAU^ERIKA", date(1950, 6, 15), "H4711007"
TAKEN = date(2026, 3, 15)


def data_file(name: str) -> Path:
    """Return a real file of the shared data; the test that asks for an absent one skips and names it."""
    shared = Path(os.environ.get("TRABECULA_TEST_DATA", str(ROOT.parent / "shared" / "data")))
    for folder in (shared, ROOT / "tests" / "data"):
        if (folder / name).exists():
            return folder / name
    pytest.skip(f"the real file {name} is absent; set TRABECULA_TEST_DATA")


def _new(sop_class: str, modality: str, pixels: np.ndarray, **values: Any) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(values.pop("uid", None) or generate_uid())
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.Modality = modality
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.PatientName, made.PatientID, made.PatientSex = NAME, NUMBER, "F"
    made.PatientBirthDate, made.PatientAge = f"{BIRTH:%Y%m%d}", "075Y"
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = f"{TAKEN:%Y%m%d}"
    made.StudyTime, made.AccessionNumber, made.StudyID = "101500", "ACC998877", "S1"
    made.ReferringPhysicianName, made.InstitutionName = "HOUSEWRIGHT^GREGOR", "Royal Infirmary of Somewhere"
    made.StudyDescription = "Wrist of Erika Musterfrau"
    made.Manufacturer, made.ManufacturerModelName, made.DeviceSerialNumber = "Acme Imaging", "Ray 2000", "SN-90210"
    made.InstanceNumber, made.SeriesNumber = 1, 1
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape[-2:]
    made.BitsAllocated = pixels.dtype.itemsize * 8
    made.BitsStored, made.HighBit = made.BitsAllocated, made.BitsAllocated - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    made.add_new("PixelData", "OW", pixels.astype(pixels.dtype.newbyteorder("<")).tobytes())
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return FileDataset("", made, preamble=bytes(128), file_meta=meta)


def make_film(pixels: np.ndarray | None = None, side: str = "L", **values: Any) -> FileDataset:
    """Return a radiograph as a DX system writes it: 12 bits stored, spacing at the detector, magnified 1.05."""
    if pixels is None:
        pixels = (np.add.outer(np.arange(60), np.arange(48)) * 30).astype(np.uint16)
    told = {
        "BodyPartExamined": "WRIST",
        "ViewPosition": "PA",
        "ImageLaterality": side,
        "ImagerPixelSpacing": [0.148, 0.148],
        "EstimatedRadiographicMagnificationFactor": 1.05,
        "KVP": 55,
        "ExposureInuAs": 4000,
        "PresentationIntentType": "FOR PRESENTATION",
        "PatientOrientation": ["L", "F"],
        "ImageType": ["ORIGINAL", "PRIMARY"],
        **values,
    }
    return _new(DX, "DX", pixels, **told)


def make_dxa(side: str = "L", **values: Any) -> FileDataset:
    """Return a forearm scan as a Secondary Capture of areal density: 1e-4 g/cm2 a step."""
    pixels = (np.add.outer(np.arange(40), np.arange(30)) * 100).astype(np.uint16)
    told = {
        "Laterality": side,
        "PixelSpacing": [0.6, 0.6],
        "RescaleSlope": 0.0001,
        "RescaleIntercept": 0,
        "RescaleType": "G_CM2",
        "BodyPartExamined": "FOREARM",
        "ConversionType": "WSD",
        **values,
    }
    return _new(SC, "BMD", pixels, **told)


def make_slices(places_mm: list[float], side: str = "L", thickness_mm: float = 2.2, **values: Any) -> list[FileDataset]:
    """Return pQCT slices of one series at these places, in mg HA/cm3: value * 0.5 - 100."""
    series, study = generate_uid(), generate_uid()
    made = []
    for index, place in enumerate(places_mm):
        pixels = (np.add.outer(np.arange(32), np.arange(24)) * 10 + 100 * index).astype(np.int16)
        told = {
            "Laterality": side,
            "PixelSpacing": [0.5, 0.5],
            "SliceThickness": thickness_mm,
            "ImagePositionPatient": [0, 0, place],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "RescaleSlope": 0.5,
            "RescaleIntercept": -100,
            "RescaleType": "MGML",
            "BodyPartExamined": "FOREARM",
            "SeriesInstanceUID": series,
            "StudyInstanceUID": study,
            "InstanceNumber": index + 1,
            **values,
        }
        made.append(_new(CT, "CT", pixels, **told))
    return made


def wrap_radiograph(path: Path, side: str = "R", **values: Any) -> FileDataset:
    """Return a real radiograph of a PNG as a DX object with invented header values."""
    pixels = np.asarray(Image.open(path).convert("L"))
    return make_film(pixels, side, BitsStored=8, HighBit=7, ImagerPixelSpacing=[0.148, 0.148], **values)


def save(made: FileDataset, path: Path) -> Path:
    """Write a data set as a file; return where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dcmwrite(path, made, enforce_file_format=True)
    return path


def element(group: int, number: int, kind: bytes, value: bytes, length: int | None = None) -> bytes:
    """Return one data element in Explicit VR Little Endian, with a length that may lie."""
    size = len(value) if length is None else length
    if kind in {b"OB", b"OW", b"SQ", b"UN", b"UT"}:
        return struct.pack("<HH2sHI", group, number, kind, 0, size) + value
    return struct.pack("<HH2sH", group, number, kind, size) + value


def begin_file(sop_class: str = DX, syntax: str = "1.2.840.10008.1.2.1", preamble: bytes = bytes(128)) -> bytes:
    """Return preamble, mark and file meta information, made by hand."""
    meta = b"".join(
        element(2, number, b"UI", _even(value))
        for number, value in ((2, sop_class), (3, "1.2.3.4.5"), (16, syntax), (18, "1.2.3"))
    )
    return preamble + b"DICM" + element(2, 0, b"UL", struct.pack("<I", len(meta))) + meta


def _even(value: str) -> bytes:
    raw = value.encode()
    return raw + b"\0" * (len(raw) % 2)
