"""What may stay in a de-identified file: an allow-list for each kind of object; everything else is removed (pure).

PS3.15 Annex E, Basic Application Confidentiality Profile, with Retain Longitudinal Temporal Information (Modified
Dates) and Retain Patient Characteristics. An allow-list, for a table of what to remove never names what it forgot.
A kept value is a number, a word of a closed list, a new UID or a shifted date; only the maker and the model of the
device are free text, and these are searched for the person's name before the file is let out (verify.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from cohort.formats.dicom import CR, CT, DX, DX_PROCESSING, SC, SC_BYTE, SC_WORD


class Action(Enum):
    """What happens to an attribute. The letters are those of PS3.15 Table E.1-1a."""

    NUMBER = "K, as a number"
    WORD = "K, if the word is on its list"
    TEXT = "K, searched for names"
    UID = "U"
    DATE = "C, shifted"
    EMPTY = "Z"


@dataclass(frozen=True)
class Rule:
    """What happens to one attribute; words: the closed list of WORD."""

    action: Action
    words: frozenset[str] = frozenset()


NUMBER, TEXT, UID, DATE, EMPTY = (
    Rule(Action.NUMBER),
    Rule(Action.TEXT),
    Rule(Action.UID),
    Rule(Action.DATE),
    Rule(Action.EMPTY),
)


def one_of(*words: str) -> Rule:
    """Return the rule that keeps a value whose every part is one of these words."""
    return Rule(Action.WORD, frozenset(words))


_ORIENTATIONS = ("A", "P", "L", "R", "H", "F", "AL", "AR", "PL", "PR", "AH", "AF", "PH", "PF", "LH", "LF", "RH", "RF")

_COMMON: Mapping[str, Rule] = {
    "ImageType": one_of("ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "AXIAL", "LOCALIZER", "OTHER", ""),
    "SOPInstanceUID": UID,
    "StudyInstanceUID": UID,
    "SeriesInstanceUID": UID,
    "FrameOfReferenceUID": UID,
    "StudyDate": DATE,
    "SeriesDate": DATE,
    "AcquisitionDate": DATE,
    "ContentDate": DATE,
    "StudyTime": EMPTY,
    "AccessionNumber": EMPTY,
    "ReferringPhysicianName": EMPTY,
    "StudyID": EMPTY,
    "PatientName": EMPTY,
    "PatientBirthDate": EMPTY,
    "PatientSex": one_of("F", "M", "O"),
    "Modality": one_of("CR", "DX", "RG", "CT", "BMD", "OT"),
    "Manufacturer": TEXT,
    "ManufacturerModelName": TEXT,
    "BodyPartExamined": one_of("WRIST", "FOREARM", "HAND", "RADIUS", "ULNA", "ARM", "EXTREMITY", "UPPER EXTREMITY"),
    "PatientOrientation": one_of(*_ORIENTATIONS),
    "SeriesNumber": NUMBER,
    "AcquisitionNumber": NUMBER,
    "InstanceNumber": NUMBER,
    "NumberOfFrames": NUMBER,
    "PixelSpacing": NUMBER,
    "RescaleSlope": NUMBER,
    "RescaleIntercept": NUMBER,
    "RescaleType": one_of("HU", "MGML", "US", "G_CM2"),
    "WindowCenter": NUMBER,
    "WindowWidth": NUMBER,
    "LossyImageCompression": one_of("00", "01"),
    "LossyImageCompressionRatio": NUMBER,
}
_PROJECTION: Mapping[str, Rule] = {
    "PresentationIntentType": one_of("FOR PRESENTATION", "FOR PROCESSING"),
    "ViewPosition": one_of("PA", "AP", "LL", "RL", "LLO", "RLO", "LAT", "LATERAL", "OBL", "OBLIQUE"),
    "ImagerPixelSpacing": NUMBER,
    "PixelSpacingCalibrationType": one_of("GEOMETRY", "FIDUCIAL"),
    "EstimatedRadiographicMagnificationFactor": NUMBER,
    "DistanceSourceToDetector": NUMBER,
    "DistanceSourceToPatient": NUMBER,
    "KVP": NUMBER,
    "ExposureTime": NUMBER,
    "XRayTubeCurrent": NUMBER,
    "Exposure": NUMBER,
    "ExposureInuAs": NUMBER,
    "PixelIntensityRelationship": one_of("LIN", "LOG", "DISP"),
    "PixelIntensityRelationshipSign": NUMBER,
    "PresentationLUTShape": one_of("IDENTITY", "INVERSE"),
}
_TOMOGRAPHY: Mapping[str, Rule] = {
    "SliceThickness": NUMBER,
    "SpacingBetweenSlices": NUMBER,
    "ImagePositionPatient": NUMBER,
    "ImageOrientationPatient": NUMBER,
    "SliceLocation": NUMBER,
    "PositionReferenceIndicator": EMPTY,
    "KVP": NUMBER,
    "ExposureTime": NUMBER,
    "XRayTubeCurrent": NUMBER,
    "Exposure": NUMBER,
    "ReconstructionDiameter": NUMBER,
    "PixelPaddingValue": NUMBER,
}
_CAPTURE: Mapping[str, Rule] = {
    "ConversionType": one_of("DV", "DI", "DF", "WSD", "SD", "SI", "DRW", "SYN"),
    "NominalScannedPixelSpacing": NUMBER,
    "KVP": NUMBER,
}

PROFILE: Mapping[str, Mapping[str, Rule]] = {
    CR: {**_COMMON, **_PROJECTION},
    DX: {**_COMMON, **_PROJECTION},
    DX_PROCESSING: {**_COMMON, **_PROJECTION},
    CT: {**_COMMON, **_TOMOGRAPHY},
    SC: {**_COMMON, **_CAPTURE},
    SC_BYTE: {**_COMMON, **_CAPTURE},
    SC_WORD: {**_COMMON, **_CAPTURE},
}
"""SOP class -> keyword -> rule. What is not here does not come out."""

WRITTEN_BY_US = frozenset(
    {
        "SOPClassUID",
        "PatientID",
        "PatientAge",
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
        "ImageLaterality",
        "Laterality",
        "ImageComments",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "PixelData",
    }
)
"""Attributes whose values are made anew, never copied."""

METHODS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
)
"""PS3.16 CID 7050: what was done, as codes of DCM."""
