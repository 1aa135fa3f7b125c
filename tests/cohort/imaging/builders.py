"""Uploads for tests, and the people who bring them."""

from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from cohort.imaging.models import Upload, UploadedFile
from cohort.imaging.receiving import receive_file
from cohort.imaging.services import close_upload, start_upload
from cohort.participants.models import Participant, Visit
from portal.jobs.leases import claim_job
from portal.jobs.models import Job
from portal.jobs.supervise import run_held_job
from portal.roles.actors import Actor
from tests.cast import Cast, make_participant


def imaging_visit(participant: Participant) -> Visit:
    """Return the visit at which images are taken."""
    return participant.visits.get(code="BLI")


def begin(cast: Cast, participant: Participant | None = None, **changes: Any) -> Upload:
    """Begin an upload of a left radiograph as Nora, but for the changes."""
    ann = participant or make_participant(cast)
    declared = {"actor": cast.nora, "visit": imaging_visit(ann), "modality": "film", "side": "L", **changes}
    return start_upload(participant=ann, **declared)


def send(actor: Actor, upload: Upload, content: bytes = b"some bytes", name: str = "one.dcm") -> UploadedFile:
    """Send one file."""
    return receive_file(actor, upload, name, BytesIO(content), len(content))[0]


def make_film(code: str, side: str = "L", *, seed: int = 1, patient_id: str = "", **changes: Any) -> bytes:
    """Return a simulated wrist radiograph as a DX file, its header invented, but for the changes."""
    values = np.random.default_rng(seed).integers(200, 3800, (120, 90), dtype=np.uint16)
    ds = _dataset("1.2.840.10008.5.1.4.1.1.1.1", "DX", patient_id or f"SIM-{code}", values, seed)
    ds.ImagerPixelSpacing = [0.15, 0.15]
    ds.EstimatedRadiographicMagnificationFactor = 1.05
    ds.ImageLaterality, ds.BodyPartExamined, ds.ViewPosition = side, "WRIST", "PA"
    ds.KVP, ds.ExposureInuAs = 50, 4000
    return _written(ds, changes)


def make_dxa(code: str, side: str = "L", *, seed: int = 1, **changes: Any) -> bytes:
    """Return a simulated forearm DXA: areal density in 1e-4 g/cm2."""
    values = np.random.default_rng(seed).integers(0, 9000, (80, 60), dtype=np.uint16)
    ds = _dataset("1.2.840.10008.5.1.4.1.1.7", "BMD", f"SIM-{code}", values, seed)
    ds.PixelSpacing, ds.Laterality, ds.BodyPartExamined = [0.6, 0.6], side, "FOREARM"
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "0.0001", "0", "G_CM2"
    return _written(ds, changes)


def make_slices(code: str, side: str = "L", n: int = 2, *, seed: int = 1, **changes: Any) -> list[bytes]:
    """Return simulated pQCT slices in mg HA/cm3."""
    made = []
    for index in range(n):
        values = np.random.default_rng(seed + index).integers(0, 1400, (64, 64), dtype=np.uint16)
        ds = _dataset("1.2.840.10008.5.1.4.1.1.2", "CT", f"SIM-{code}", values, seed, index + 1)
        ds.PixelSpacing, ds.SliceThickness = [0.5, 0.5], "2.5"
        ds.ImagePositionPatient = [0, 0, 2.5 * index]
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.Laterality, ds.BodyPartExamined = side, "FOREARM"
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "-200", "MGML"
        made.append(_written(ds, changes))
    return made


def _dataset(
    sop_class: str, modality: str, patient_id: str, values: np.ndarray, seed: int, number: int = 1
) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = UID(sop_class), ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = UID(f"1.2.826.0.1.3680043.8.498.{seed}.{number}")
    ds = FileDataset("", Dataset(), file_meta=meta, preamble=bytes(128))
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID = UID(f"1.2.826.0.1.3680043.8.498.{seed}")
    ds.SeriesInstanceUID = UID(f"1.2.826.0.1.3680043.8.498.{seed}.0")
    ds.Modality, ds.PatientID, ds.PatientName, ds.PatientBirthDate = modality, patient_id, "", ""
    ds.PatientSex, ds.ImageComments, ds.Manufacturer = "F", "SIMULATED", "Trabecula phantom"
    ds.ManufacturerModelName, ds.DeviceSerialNumber = "P1", "0001"
    ds.StudyDate = ds.AcquisitionDate = "20260315"
    ds.InstanceNumber = number
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = values.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = values.tobytes()
    return ds


def _written(ds: FileDataset, changes: dict[str, Any]) -> bytes:
    for name, value in changes.items():
        setattr(ds, name, value)
    stream = BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def read_upload(upload: Upload) -> Job:
    """Let a worker read a closed upload, with a real child process; return the job as it ended."""
    upload.refresh_from_db()
    held = claim_job(upload.job_id, owner="a worker", sandbox=[])
    assert held is not None
    run_held_job(held)
    return Job.objects.get(pk=upload.job_id)


def bring(cast: Cast, participant: Participant, *contents: bytes, **changes: Any) -> Upload:
    """Bring files as Nora and have them read."""
    upload = begin(cast, participant, **changes)
    for number, content in enumerate(contents, 1):
        send(cast.nora, upload, content, f"IM{number:04d}")
    close_upload(actor=cast.nora, upload=upload)
    job = read_upload(upload)
    assert job.state == "finished", job.failure_text
    upload.refresh_from_db()
    return upload
