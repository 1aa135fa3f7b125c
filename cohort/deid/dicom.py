"""A DICOM object written anew: allowed attributes, new UIDs, shifted dates, our own plain pixels (pure)."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID as DicomUID
from pydicom.uid import ExplicitVRLittleEndian

from cohort.deid.dates import parse_da, shift_day, write_da
from cohort.deid.profile import METHODS, PROFILE, Action, Rule
from cohort.deid.uids import new_uid
from cohort.formats.dicom import CR, CT, SC, SC_BYTE, SC_WORD, numbers, text, whole
from cohort.formats.dicom_facts import DicomFacts
from cohort.formats.dicom_pixels import is_inverted, is_signed
from cohort.formats.errors import FormatError
from cohort.formats.volume import Values

IMPLEMENTATION_UID = "2.25.262177871936917553846092713847193650381"
IMPLEMENTATION_NAME = "TRABECULA"
SIMULATED_MARK = "SIMULATED"
SIMULATED_PREFIX = "SIM-"
_LONGEST_TEXT = 64


@dataclass(frozen=True)
class Plan:
    """How the files of one person are de-identified.

    code: research code. key: of the study's new UIDs. shift_days: for every date of the person. side: L or R, as the
    series is filed. is_simulated: the mark is written into the file.
    """

    code: str
    key: bytes = field(repr=False)
    shift_days: int = field(repr=False)
    side: str
    is_simulated: bool

    @property
    def patient_id(self) -> str:
        return f"{SIMULATED_PREFIX}{self.code}" if self.is_simulated else self.code


def de_identify(source: FileDataset, facts: DicomFacts, pixels: Values, plan: Plan) -> FileDataset:
    """Return the new object. The source is not changed.

    pixels: (frames, rows, columns), grey, more is brighter.
    Raises FormatError for a value that is not what its attribute holds.
    """
    rules = PROFILE[facts.sop_class]
    made = Dataset()
    made.SOPClassUID = facts.sop_class
    for keyword, rule in rules.items():
        _carry(source, made, keyword, rule, plan)
    _write_person(made, facts, plan)
    _write_method(made)
    _write_pixels(source, made, pixels)
    _mend_inverted(source, made)
    return _with_meta(made)


def write_dicom(made: FileDataset, path: Path) -> None:
    """Write the object as Explicit VR Little Endian behind a preamble of zeros."""
    dcmwrite(path, made, enforce_file_format=True)


def _carry(source: FileDataset, made: Dataset, keyword: str, rule: Rule, plan: Plan) -> None:
    if rule.action is Action.EMPTY:
        setattr(made, keyword, None)
    elif keyword not in source:
        return
    elif rule.action is Action.NUMBER:
        if found := numbers(source, keyword):
            setattr(made, keyword, _shortest(found))
    elif rule.action is Action.WORD:
        parts = [part.upper() for part in text(source, keyword).split("\\")]
        if any(parts) and all(part in rule.words for part in parts):
            setattr(made, keyword, parts if len(parts) > 1 else parts[0])
    elif rule.action is Action.TEXT:
        setattr(made, keyword, _plain(text(source, keyword)))
    elif rule.action is Action.UID:
        if found_uid := text(source, keyword):
            setattr(made, keyword, new_uid(plan.key, found_uid))
    elif rule.action is Action.DATE and (day := parse_da(text(source, keyword))) is not None:
        setattr(made, keyword, write_da(shift_day(day, plan.shift_days)))


def _shortest(found: tuple[float, ...]) -> object:
    """Return numbers as pydicom takes them for any kind of number: whole ones whole, no more than 16 characters."""
    values = [int(one) if one == int(one) and abs(one) < 1 << 31 else _sixteen(one) for one in found]
    return values if len(values) > 1 else values[0]


def _sixteen(value: float) -> float:
    """Round to what a decimal string of 16 characters can hold (PS3.5 6.2, DS)."""
    for digits in range(16, 5, -1):
        if len(f"{value:.{digits}g}") <= 16:
            return float(f"{value:.{digits}g}")
    return float(f"{value:.5g}")


def _plain(told: str) -> str:
    """Return a device's text without signs that no device's name has."""
    return "".join(one for one in told if one.isascii() and (one.isalnum() or one in " .,-+_/()&"))[:_LONGEST_TEXT]


def _write_person(made: Dataset, facts: DicomFacts, plan: Plan) -> None:
    made.PatientID = plan.patient_id
    if facts.age_years is not None:
        made.PatientAge = f"{facts.age_years:03d}Y"
    if plan.side:
        setattr(
            made, "Laterality" if facts.sop_class in {CR, CT, SC, SC_BYTE, SC_WORD} else "ImageLaterality", plan.side
        )
    if plan.is_simulated:
        made.ImageComments = SIMULATED_MARK


def _write_method(made: Dataset) -> None:
    made.PatientIdentityRemoved = "YES"
    made.DeidentificationMethod = "Allow-list per SOP class"
    made.LongitudinalTemporalInformationModified = "MODIFIED"
    items = []
    for value, meaning in METHODS:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        items.append(item)
    made.DeidentificationMethodCodeSequence = items


def _write_pixels(source: FileDataset, made: Dataset, pixels: Values) -> None:
    bits = pixels.dtype.itemsize * 8
    if bits not in {8, 16}:
        raise FormatError("the pixels", f"{bits} bits a value", "8 or 16", "bits")
    stored = min(whole(source, "BitsStored") or bits, bits)
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape[1:]
    made.BitsAllocated, made.BitsStored, made.HighBit = bits, stored, stored - 1
    made.PixelRepresentation = int(is_signed(source))
    if pixels.shape[0] > 1 or "NumberOfFrames" in made:
        made.NumberOfFrames = pixels.shape[0]
    plain = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()
    made.add_new("PixelData", "OW" if bits == 16 else "OB", plain + b"\0" * (len(plain) % 2))


def _mend_inverted(source: FileDataset, made: Dataset) -> None:
    """Bring the display settings along where MONOCHROME1 was turned round."""
    if not is_inverted(source):
        return
    if not math.isclose(float(made.get("RescaleSlope", 1)), 1) or float(made.get("RescaleIntercept", 0)) != 0:
        raise FormatError(
            "the header", "a rescaled picture shown inverted", "MONOCHROME2 for measured values", "inverted"
        )
    if "WindowCenter" in made:
        top = -1 if is_signed(source) else (1 << made.BitsStored) - 1
        centres = numbers(source, "WindowCenter")
        made.WindowCenter = _shortest(tuple(top - one for one in centres))
    if "PresentationLUTShape" in made:
        made.PresentationLUTShape = "IDENTITY"
    if "PixelIntensityRelationshipSign" in made:
        made.PixelIntensityRelationshipSign = -int(made.PixelIntensityRelationshipSign)


def _with_meta(made: Dataset) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DicomUID(made.SOPClassUID)
    meta.MediaStorageSOPInstanceUID = DicomUID(made.SOPInstanceUID)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = DicomUID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_NAME
    return FileDataset("", made, preamble=bytes(128), file_meta=meta)
