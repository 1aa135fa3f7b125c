"""The images of one person as DICOM files, with headers as a clinic's devices write them: names, dates and all.

So that matching and de-identification have their work, the caller gives an identity; so that nobody takes the files
for a patient's, the mark is in each: PatientID `SIM-...`, ImageComments, Manufacturer. Same images and identity, same
bytes.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from modelling.engine.phantom.dxa import DXA_PIXEL_MM, DXA_SCALE
from modelling.engine.phantom.images import Images
from modelling.engine.phantom.projections import MAGNIFICATION, SOURCE_TO_DETECTOR_MM, SOURCE_TO_PATIENT_MM
from modelling.engine.phantom.scanner import PIXEL_MM, PIXELS, SLICE_MM

MARK = "SIMULATED"
MAKER = "Trabecula phantom"
DX_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
IMPLEMENTATION = "2.25.302044179826934817532561437288124"
_PQCT_OFFSET = -1000.0
_PQCT_SLOPE = 0.1


@dataclass(frozen=True)
class Identity:
    """Whom the headers name, and when the images were taken. patient_id begins with `SIM-`."""

    patient_id: str
    name: str
    """Family^Given."""
    born_on: date
    taken_at: datetime
    institution: str = "Simulated Clinic"
    operator: str = "Radiographer^Simulated"
    referring: str = "Physician^Simulated"
    accession: str = "SIM0001"
    station: str = "SIM-ROOM-1"


def write_dicom(
    images: Images, identity: Identity, folder: Path, *, header_side: str | None = None
) -> tuple[Path, ...]:
    """Write film.dcm, dxa.dcm and pqct-1.dcm ... into a folder and return their paths.

    header_side: L or R to write a side other than the one that was imaged, as a mistaken clinic would.
    Raises ValueError if the identity's number does not begin with SIM- or the side is neither L nor R.
    """
    side = header_side or images.side
    if not identity.patient_id.startswith("SIM-") or side not in {"L", "R"}:
        raise ValueError(f"number '{identity.patient_id}', side '{side}'; wanted SIM-... and L or R")
    folder.mkdir(parents=True, exist_ok=True)
    made = {"film": _make_film(images, identity, side), "dxa": _make_dxa(images, identity, side)}
    for number in range(1, len(images.pqct_z_mm) + 1):
        made[f"pqct-{number}"] = _make_slice(images, identity, side, number)
    paths = []
    for name, dataset in made.items():
        paths.append(folder / f"{name}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return tuple(paths)


def make_uid(*parts: object) -> UID:
    """Return a UID that hangs on its parts alone: 2.25 and 122 bits of a SHA-256 (PS3.5, B.2)."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big') >> 6}")


def _begin(images: Images, identity: Identity, modality: str, sop_class: str, number: int) -> FileDataset:
    """Return a data set with patient, study, series, equipment and instance."""
    key = (images.person.seed, images.person.index, identity.patient_id, identity.taken_at.isoformat())
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = make_uid(*key, modality, number)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    meta.ImplementationVersionName = "TRABECULA_1"
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    offset = {"DX": 0, "BMD": 12, "CT": 25}[modality]
    taken = identity.taken_at + timedelta(minutes=offset)
    day, time = taken.strftime("%Y%m%d"), taken.strftime("%H%M%S")
    years = taken.year - identity.born_on.year
    years -= (taken.month, taken.day) < (identity.born_on.month, identity.born_on.day)
    _put(
        dataset,
        SpecificCharacterSet="ISO_IR 192", SOPClassUID=UID(sop_class), SOPInstanceUID=meta.MediaStorageSOPInstanceUID,
        StudyDate=identity.taken_at.strftime("%Y%m%d"), SeriesDate=day, AcquisitionDate=day, ContentDate=day,
        StudyTime=identity.taken_at.strftime("%H%M%S"), SeriesTime=time, AcquisitionTime=time, ContentTime=time,
        AccessionNumber=identity.accession, Modality=modality, Manufacturer=MAKER,
        InstitutionName=identity.institution, ReferringPhysicianName=identity.referring,
        StationName=identity.station, OperatorsName=identity.operator,
        PatientName=identity.name, PatientID=identity.patient_id, PatientBirthDate=identity.born_on.strftime("%Y%m%d"),
        PatientSex=images.person.sex, PatientAge=f"{years:03d}Y",
        PatientWeight=f"{images.person.weight_kg:.1f}", PatientSize=f"{images.person.height_cm / 100:.3f}",
        DeviceSerialNumber="SIM-0001", SoftwareVersions="1",
        StudyInstanceUID=make_uid(*key), SeriesInstanceUID=make_uid(*key, modality), StudyID="1",
        SeriesNumber=1 + offset, InstanceNumber=number, ImageComments=MARK, BurnedInAnnotation="NO",
        SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=16, BitsStored=16, HighBit=15, PixelRepresentation=0,
    )  # fmt: skip
    return dataset


def _put(dataset: Dataset, **values: Any) -> None:
    for keyword, value in values.items():
        setattr(dataset, keyword, value)


def _put_pixels(dataset: FileDataset, values: NDArray[np.uint16]) -> None:
    dataset.Rows, dataset.Columns = values.shape
    dataset.PixelData = values.astype("<u2").tobytes()


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def _make_film(images: Images, identity: Identity, side: str) -> FileDataset:
    """Return the radiograph: DX for processing, logarithmic and bright where less arrives (PS3.3, C.8.11.3).

    What is stored goes by the dose at the detector, so the open field lies where exposure and gain put it.
    """
    exposure = images.exposure
    dataset = _begin(images, identity, "DX", DX_FOR_PROCESSING, 1)
    region = _code("8205005", "Wrist")
    view = _code("272479007", "Posteroanterior projection")
    _put(
        dataset,
        ImageType=["ORIGINAL", "PRIMARY", ""], PresentationIntentType="FOR PROCESSING",
        ManufacturerModelName="Simulated radiograph 1", BodyPartExamined="WRIST", ViewPosition="PA",
        ImageLaterality=side, AnatomicRegionSequence=[region], ViewCodeSequence=[view],
        PatientOrientation=_film_axes(side), PositionerType="NONE",
        KVP="55", ExposureInuAs=str(exposure.uas), ExposureTime="60", FilterMaterial="ALUMINUM",
        DistanceSourceToDetector=f"{SOURCE_TO_DETECTOR_MM:g}", DistanceSourceToPatient=f"{SOURCE_TO_PATIENT_MM:g}",
        EstimatedRadiographicMagnificationFactor=f"{MAGNIFICATION:.6f}", DetectorType="SCINTILLATOR",
        Sensitivity=f"{exposure.gain:g}",
        ImagerPixelSpacing=[f"{images.film.spacing_mm[1] * MAGNIFICATION:.6g}"] * 2, PixelIntensityRelationship="LOG",
        PixelIntensityRelationshipSign=-1, RescaleIntercept="0", RescaleSlope="1", RescaleType="US",
        LossyImageCompression="00", AcquisitionContextSequence=[], PresentationLUTShape="IDENTITY",
    )  # fmt: skip
    _put_pixels(dataset, as_filed(images)[0])
    return dataset


def as_filed(images: Images) -> NDArray[np.uint16]:
    """Return the film (1, rows, columns) in grey steps as stored: its open field lies where its dose put it."""
    return np.minimum(images.film.values.astype(np.int64) + images.exposure.offset, 65535).astype(np.uint16)


def _film_axes(side: str) -> list[str]:
    """Return where the rows and the columns lead: rows from the thumb to the little finger for R, and downwards."""
    return ["L", "F"] if side == "R" else ["R", "F"]


def _make_dxa(images: Images, identity: Identity, side: str) -> FileDataset:
    """Return the forearm DXA: a secondary capture of modality BMD whose values times the slope are g/cm2."""
    dataset = _begin(images, identity, "BMD", SECONDARY_CAPTURE, 1)
    _put(
        dataset,
        ImageType=["DERIVED", "PRIMARY"], ConversionType="WSD", ManufacturerModelName="Simulated DXA 1",
        BodyPartExamined="FOREARM", Laterality=side, PatientOrientation="",
        PixelSpacing=[f"{DXA_PIXEL_MM:g}"] * 2,
        RescaleIntercept="0", RescaleSlope=f"{DXA_SCALE:g}", RescaleType="G_CM2",
    )  # fmt: skip
    _put_pixels(dataset, np.clip(np.round(images.dxa.values[0] / DXA_SCALE), 0, 65535).astype(np.uint16))
    return dataset


def _make_slice(images: Images, identity: Identity, side: str, number: int) -> FileDataset:
    """Return one pQCT slice: CT, mg HA/cm3 by slope and intercept."""
    dataset = _begin(images, identity, "CT", CT_IMAGE, number)
    z_mm = images.pqct_z_mm[number - 1]
    corner = -(PIXELS - 1) / 2 * PIXEL_MM
    _put(
        dataset,
        ImageType=["DERIVED", "PRIMARY", "AXIAL"], ManufacturerModelName="Simulated pQCT 1",
        BodyPartExamined="FOREARM", Laterality=side, PatientPosition="HFS", PatientOrientation="",
        FrameOfReferenceUID=make_uid(dataset.SeriesInstanceUID, "frame"), PositionReferenceIndicator="",
        ImagePositionPatient=[f"{corner:g}", f"{corner:g}", f"{z_mm:.3f}"], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        SliceThickness=f"{SLICE_MM:g}", SliceLocation=f"{z_mm:.3f}", PixelSpacing=[f"{PIXEL_MM:g}"] * 2,
        KVP="58", AcquisitionNumber=1,
        RescaleIntercept=f"{_PQCT_OFFSET:g}", RescaleSlope=f"{_PQCT_SLOPE:g}", RescaleType="MGML",
    )  # fmt: skip
    stored = np.round((images.pqct.values[number - 1].astype(np.float64) - _PQCT_OFFSET) / _PQCT_SLOPE)
    _put_pixels(dataset, np.clip(stored, 0, 65535).astype(np.uint16))
    return dataset
