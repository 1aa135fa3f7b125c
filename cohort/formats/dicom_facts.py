"""What a DICOM header says of an image: what, where, when, by which device, of whom (pure).

The person is held in memory alone, to compare; everything else may be shown to the staff of the site.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from pydicom.dataset import FileDataset

from cohort.formats.dicom import CR, CT, DX, DX_PROCESSING, number, numbers, text, whole
from cohort.formats.errors import FormatError
from cohort.formats.volume import AREAL, DENSITY, DXA, FILM, HOUNSFIELD, HRPQCT, PQCT, STORED

OLDEST_AGE = 90
_FINE_MM = 0.2
"""Below this in-plane spacing a peripheral CT is high-resolution: 0.061 or 0.082 mm against 0.2 to 0.8 mm."""

_RESCALE_UNITS = {"MGML": DENSITY, "HU": HOUNSFIELD, "US": STORED, "": "", "G_CM2": AREAL}
"""PS3.3 C.11.1.1.2 names HU, MGML (mg/ml) and US (unspecified); G_CM2 is ours for areal density."""


_REGIONS = {
    "WRIST": "wrist",
    "FOREARM": "forearm",
    "RADIUS": "radius",
    "ULNA": "ulna",
    "HAND": "hand",
    "ARM": "arm",
}
_VAGUE = frozenset({"", "EXTREMITY", "UPPER EXTREMITY", "UPPEREXTREMITY", "UPPER LIMB", "UPPERLIMB"})
"""What names no part, or one so large that it may be the forearm."""

_ELSEWHERE = {
    "ANKLE": "an ankle",
    "CALCANEUS": "a heel",
    "CHEST": "the chest",
    "CSPINE": "the cervical spine",
    "ELBOW": "an elbow",
    "FEMUR": "a femur",
    "FOOT": "a foot",
    "HIP": "a hip",
    "KNEE": "a knee",
    "LSPINE": "the lumbar spine",
    "PELVIS": "the pelvis",
    "SHOULDER": "a shoulder",
    "SPINE": "the spine",
    "TIBIA": "a tibia",
    "TSPINE": "the thoracic spine",
    "WHOLEBODY": "the whole body",
}
"""Terms of Body Part Examined (PS3.16 Annex L) in words. Any other text is not repeated: it may hold a name."""


@dataclass(frozen=True)
class DicomFacts:
    """Facts of one instance. `person_*` name somebody: never shown, logged or written."""

    sop_class: str
    sop_uid: str
    series_uid: str
    study_uid: str
    modality: str
    region: str
    elsewhere: str
    """What part of the body the header names that is none of the forearm; empty where it names none."""
    side: str
    side_from: str
    taken_on: date | None
    rows: int
    columns: int
    frames: int
    spacing_mm: tuple[float, float] | None
    spacing_is: str
    thickness_mm: float | None
    position_mm: float | None
    orientation: tuple[float, ...]
    """Direction cosines of the rows and the columns, six numbers; empty where the header has none."""
    instance_number: int
    slope: float
    intercept: float
    unit: str
    maker: str
    model: str
    serial: str
    exposure: dict[str, float]
    age_years: int | None
    sex: str
    says_burned_in: bool
    is_simulated: bool
    person_name: str = field(default="", repr=False)
    person_number: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)


def read_facts(dataset: FileDataset) -> DicomFacts:
    """Return the facts of a data set whose header was checked. Raises FormatError for damaged values."""
    side, side_from = _side(dataset)
    spacing, spacing_is = find_spacing(dataset)
    taken_on = _first_day(dataset, "AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate")
    birth = _birth(dataset)
    maker = text(dataset, "Manufacturer")
    number_of = text(dataset, "PatientID")
    return DicomFacts(
        sop_class=text(dataset, "SOPClassUID") or str(dataset.file_meta.get("MediaStorageSOPClassUID", "")),
        sop_uid=text(dataset, "SOPInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
        study_uid=text(dataset, "StudyInstanceUID"),
        modality=guess_modality(dataset, spacing),
        region=_region(dataset),
        elsewhere=_find_elsewhere(dataset),
        side=side,
        side_from=side_from,
        taken_on=taken_on,
        rows=whole(dataset, "Rows") or 0,
        columns=whole(dataset, "Columns") or 0,
        frames=whole(dataset, "NumberOfFrames") or 1,
        spacing_mm=spacing,
        spacing_is=spacing_is,
        thickness_mm=_positive(number(dataset, "SliceThickness")),
        position_mm=_position(dataset),
        orientation=_orientation(dataset),
        instance_number=whole(dataset, "InstanceNumber") or 0,
        slope=_slope(dataset),
        intercept=number(dataset, "RescaleIntercept") or 0.0,
        unit=_unit(dataset),
        maker=maker,
        model=text(dataset, "ManufacturerModelName"),
        serial=text(dataset, "DeviceSerialNumber"),
        exposure=_exposure(dataset),
        age_years=_age(dataset, birth, taken_on),
        sex=found if (found := text(dataset, "PatientSex").upper()) in {"F", "M", "O"} else "",
        says_burned_in=text(dataset, "BurnedInAnnotation").upper() == "YES",
        is_simulated="SIMULATED" in text(dataset, "ImageComments").upper() or number_of.upper().startswith("SIM-"),
        person_name=text(dataset, "PatientName"),
        person_number=number_of,
        birth_date=birth,
    )


def guess_modality(dataset: FileDataset, spacing: tuple[float, float] | None) -> str:
    """Return film, dxa, pqct or hrpqct; empty where the header fits none of them."""
    sop_class = text(dataset, "SOPClassUID")
    modality = text(dataset, "Modality").upper()
    if sop_class in {CR, DX, DX_PROCESSING}:
        return FILM
    if sop_class == CT:
        return HRPQCT if spacing is not None and max(spacing) < _FINE_MM else PQCT
    if modality == "BMD":
        return DXA
    return FILM if modality in {"DX", "CR", "RG"} else ""


def find_spacing(dataset: FileDataset) -> tuple[tuple[float, float] | None, str]:
    """Return ((row, column) spacing in mm, where it holds).

    A projection's Pixel Spacing that differs from Imager Pixel Spacing was calibrated to the patient (PS3.3 10.7.1.3);
    else the imager's spacing is divided by the magnification where the header estimates it.
    """
    pixel, imager = _pair(dataset, "PixelSpacing"), _pair(dataset, "ImagerPixelSpacing")
    if imager is None:
        if pixel is not None:
            return pixel, "patient"
        nominal = _pair(dataset, "NominalScannedPixelSpacing")
        return (nominal, "patient") if nominal is not None else (None, "none")
    if pixel is not None and pixel != imager:
        return pixel, "patient"
    magnification = number(dataset, "EstimatedRadiographicMagnificationFactor")
    if magnification is not None and magnification >= 1:
        return (imager[0] / magnification, imager[1] / magnification), "patient"
    return imager, "detector"


def _pair(dataset: FileDataset, keyword: str) -> tuple[float, float] | None:
    found = numbers(dataset, keyword)
    if len(found) != 2 or not all(0 < one < 100 for one in found):
        return None
    return found[0], found[1]


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _side(dataset: FileDataset) -> tuple[str, str]:
    for keyword in ("ImageLaterality", "Laterality", "FrameLaterality"):
        if (found := text(dataset, keyword).upper()) in {"L", "R"}:
            return found, keyword
    return "", ""


def _region(dataset: FileDataset) -> str:
    return _REGIONS.get(_part(dataset).replace("DISTAL ", ""), "")


def _find_elsewhere(dataset: FileDataset) -> str:
    part = _part(dataset)
    if part in _VAGUE or _region(dataset):
        return ""
    return _ELSEWHERE.get(part, "another part of the body")


def _part(dataset: FileDataset) -> str:
    return text(dataset, "BodyPartExamined").upper()


def _position(dataset: FileDataset) -> float | None:
    """Return where a slice lies along its own normal, in mm (PS3.3 C.7.6.2.1.1)."""
    place, turned = numbers(dataset, "ImagePositionPatient"), _orientation(dataset)
    if len(place) != 3:
        return number(dataset, "SliceLocation")
    if not turned:
        return place[2]
    (a, b, c), (d, e, f) = turned[:3], turned[3:]
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    return sum(one * other for one, other in zip(place, normal, strict=True))


def _orientation(dataset: FileDataset) -> tuple[float, ...]:
    turned = numbers(dataset, "ImageOrientationPatient")
    return turned if len(turned) == 6 else ()


def _slope(dataset: FileDataset) -> float:
    found = number(dataset, "RescaleSlope")
    if found == 0:
        raise FormatError("RescaleSlope in the header", "0", "a slope that keeps values apart", "damaged")
    return 1.0 if found is None else found


def _unit(dataset: FileDataset) -> str:
    told = text(dataset, "RescaleType").upper()
    if text(dataset, "SOPClassUID") == CT:
        return _RESCALE_UNITS.get(told, STORED) or HOUNSFIELD
    return _RESCALE_UNITS.get(told, STORED) or STORED


def _first_day(dataset: FileDataset, *keywords: str) -> date | None:
    for keyword in keywords:
        if (day := _day(text(dataset, keyword))) is not None:
            return day
    return None


def _day(told: str) -> date | None:
    try:
        return datetime.strptime(told[:8], "%Y%m%d").date() if told else None  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise FormatError("a date in the header", "no day of the calendar", "year, month and day", "date") from None


def _birth(dataset: FileDataset) -> date | None:
    return _day(text(dataset, "PatientBirthDate"))


def _age(dataset: FileDataset, birth: date | None, taken_on: date | None) -> int | None:
    told = text(dataset, "PatientAge").upper()
    if len(told) == 4 and told[:3].isdigit() and told[3] in "YMWD":
        return min(OLDEST_AGE, int(told[:3])) if told[3] == "Y" else 0
    if birth is None or taken_on is None or taken_on < birth:
        return None
    years = taken_on.year - birth.year - ((taken_on.month, taken_on.day) < (birth.month, birth.day))
    return min(OLDEST_AGE, years)


def _exposure(dataset: FileDataset) -> dict[str, float]:
    """Return tube voltage in kV, charge in uAs, time in ms, distance in mm: what of them the header gives."""
    found = {
        "kvp": number(dataset, "KVP"),
        "uas": number(dataset, "ExposureInuAs"),
        "ms": number(dataset, "ExposureTime"),
        "source_to_detector_mm": number(dataset, "DistanceSourceToDetector"),
    }
    if found["uas"] is None and (mas := number(dataset, "Exposure")) is not None:
        found["uas"] = mas * 1000
    return {name: value for name, value in found.items() if value is not None}
