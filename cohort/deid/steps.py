"""The six steps of one file: sniff, read, match, side, de-identify, verify (pure).

Each either goes on or raises Stopped with a sentence. What comes out is a cleaned file on the disk and its facts.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydicom.dataset import FileDataset

from cohort.deid.burned_in import find_scan
from cohort.deid.dicom import Plan, de_identify, write_dicom
from cohort.deid.fingerprints import NO, Person, compare
from cohort.deid.headers import hash_from, write_clean_isq, write_clean_stratec
from cohort.deid.looking import check_marker, find_marker, refuse_letters
from cohort.deid.uids import new_uid
from cohort.deid.upload import Incoming, Told
from cohort.deid.verdicts import CLEAN, MATCH, READ, SIDE, SIDE_CONFLICT, SNIFF, VERIFY, Stopped
from cohort.deid.verify import verify_dicom, verify_header
from cohort.formats import isq, sniff, stratec
from cohort.formats.dicom import read_dicom
from cohort.formats.dicom_facts import DicomFacts, read_facts
from cohort.formats.dicom_pixels import as_monochrome2, decode
from cohort.formats.errors import FormatError
from cohort.formats.limits import in_words
from cohort.formats.volume import DXA, FILM, HRPQCT, PQCT, Values

NAMES = {FILM: "a radiograph", DXA: "a DXA image", PQCT: "a pQCT scan", HRPQCT: "an HR-pQCT scan"}
SIDES = {"L": "left", "R": "right"}
_READABLE = {sniff.DICOM, sniff.DICOM_BARE, sniff.ISQ, sniff.STRATEC}
_DAMAGED = (ValueError, TypeError, KeyError, AttributeError, IndexError, EOFError, OverflowError, RecursionError)
_SAID = {
    "name": "its header carries another name or birth date",
    "number": "its header carries another hospital number",
    "code": "its header carries another research code",
}


@dataclass(frozen=True)
class Cleaned:
    """One file that came through: where its cleaned copy lies, and what is known of it."""

    id: str
    path: Path
    suffix: str
    modality: str
    region: str
    header_side: str
    series_key: str
    instance_key: str
    taken_on: date | None
    age_years: int | None
    device: dict[str, str]
    exposure: dict[str, float]
    marker_side: str = ""
    dicom: DicomFacts | None = field(default=None, repr=False)


def clean_file(told: Told, one: Incoming, target: Path) -> Cleaned:
    """Take one file through the six steps; the cleaned copy lies at `target`. Raises Stopped."""
    what = sniff_file(told, one)
    reader: Callable[[Told, Incoming, Path], Cleaned] = {
        sniff.ISQ: clean_isq,
        sniff.STRATEC: clean_stratec,
    }.get(what, clean_dicom)
    return reader(told, one, target)


def sniff_file(told: Told, one: Incoming) -> str:
    """Return what the file is. Raises Stopped for what is none of the formats, and for a file that is not whole."""
    with _step(SNIFF):
        found = one.path.stat().st_size
        if found != one.n_bytes:
            wanted = f"{in_words(one.n_bytes)}, as it was sent"
            raise FormatError("the file", in_words(found), wanted, "truncated")
        if found == 0:
            raise FormatError("the file", "nothing in it", "an image", "empty")
        told.limits.check_file(found)
        what = sniff.sniff(one.path)
        if what == sniff.ZIP:
            raise FormatError("the file", "a zip archive", "single image files", "zip")
        if what == sniff.PDF:
            raise FormatError("the file", "a PDF document", "an image from the scanner", "pdf")
        if what == sniff.STRATEC_SCOUT:
            raise FormatError("the Stratec file", "a scout view or a calibration", "the scan (I....M01)", "scout")
        if what not in _READABLE:
            found_words = "something that is no image of a scanner" if what == sniff.UNKNOWN else f"a {what}"
            raise FormatError("the file", found_words, "DICOM, Scanco ISQ or Stratec", "unknown")
        return what


def clean_dicom(told: Told, one: Incoming, target: Path) -> Cleaned:
    """Steps 2 to 6 for DICOM."""
    with _step(READ):
        source = read_dicom(one.path, told.limits)
        facts = read_facts(source)
        check_identifiers(facts)
        check_modality(told, facts.modality)
        check_region(facts)
        check_origin(told, facts.is_simulated)
        rectangle = find_scan(source, facts)
        pixels = read_pixels(source, rectangle)
    match_person(told, Person(facts.person_name, facts.birth_date, facts.person_number))
    check_side(told, facts.side)
    with _step(SIDE):
        marker = find_marker(pixels, facts)
        check_marker(told, marker)
    with _step(READ):
        refuse_letters(pixels, facts.modality)
    plan = plan_of(told)
    with _step(CLEAN):
        write_dicom(de_identify(source, facts, pixels, plan), target)
    with _step(VERIFY):
        verify_dicom(source, pixels, plan, target)
    return Cleaned(
        id=one.id,
        path=target,
        suffix=".dcm",
        modality=facts.modality,
        region=facts.region,
        header_side=facts.side,
        series_key=new_uid(told.key, facts.series_uid),
        instance_key=new_uid(told.key, facts.sop_uid),
        taken_on=facts.taken_on,
        age_years=facts.age_years,
        device={"maker": facts.maker, "model": facts.model, "serial": facts.serial},
        exposure=facts.exposure,
        marker_side=marker.letter if marker else "",
        dicom=facts,
    )


def clean_isq(told: Told, one: Incoming, target: Path) -> Cleaned:
    """Steps 2 to 6 for a Scanco ISQ. It carries no side, so the form's side stands alone."""
    with _step(READ):
        header = isq.read_isq_header(one.path, told.limits)
        check_modality(told, HRPQCT)
        check_origin(told, is_simulated=False)
    match_person(told, Person(header.patient_name, None, ""))
    with _step(CLEAN):
        write_clean_isq(one.path, header, told.code, told.shift_days, target)
    with _step(VERIFY):
        verify_volume(one.path, target, header.data_at, (header.patient_name,), told.code)
    return Cleaned(
        id=one.id,
        path=target,
        suffix=".isq",
        modality=HRPQCT,
        region="",
        header_side="",
        series_key=f"isq {one.id}",
        instance_key=one.sha256,
        taken_on=header.taken_on,
        age_years=None,
        device={"maker": "Scanco", "model": str(header.scanner_type), "serial": str(header.scanner_id)},
        exposure={"kvp": header.energy_kv},
    )


def clean_stratec(told: Told, one: Incoming, target: Path) -> Cleaned:
    """Steps 2 to 6 for a Stratec scan. It carries no side, so the form's side stands alone."""
    with _step(READ):
        header = stratec.read_stratec_header(one.path, told.limits)
        check_modality(told, PQCT)
        check_origin(told, is_simulated=False)
    match_person(told, Person(header.patient_name, header.birth_date, header.patient_id))
    with _step(CLEAN):
        write_clean_stratec(one.path, header, told.code, told.shift_days, target)
    with _step(VERIFY):
        words = (header.patient_name, header.patient_id)
        verify_volume(one.path, target, stratec.HEADER_BYTES, words, told.code)
    return Cleaned(
        id=one.id,
        path=target,
        suffix=".m01",
        modality=PQCT,
        region="",
        header_side="",
        series_key=f"stratec {one.id}",
        instance_key=one.sha256,
        taken_on=header.taken_on,
        age_years=None,
        device={"maker": "Stratec", "model": header.device, "serial": ""},
        exposure={},
    )


def read_pixels(source: FileDataset, rectangle: tuple[int, int, int, int] | None) -> Values:
    """Return (frames, rows, columns), grey; of a captured page the scan's rectangle alone."""
    values = decode(source)
    if rectangle is not None:
        top, left, rows, columns = rectangle
        values = values[:, top : top + rows, left : left + columns]
    return as_monochrome2(values, source)


def check_identifiers(facts: DicomFacts) -> None:
    """Raise FormatError for a file without the UIDs that tell it from others."""
    if not facts.sop_uid or not facts.series_uid or not facts.study_uid:
        raise FormatError("the header", "no UID of study, series or image", "all three", "damaged")


def check_modality(told: Told, found: str) -> None:
    """Raise Stopped unless the file is of the modality it was dropped at."""
    if not found:
        raise Stopped(READ, "modality", f"The file is none of the images of this study; wanted {NAMES[told.modality]}.")
    if found != told.modality:
        reason = f"The file is {NAMES[found]}; it was dropped where {NAMES[told.modality]} belongs. Drop it there."
        raise Stopped(READ, "modality", reason)


def check_region(facts: DicomFacts) -> None:
    """Raise Stopped for an image of another part of the body: a DXA of hip or spine is no input (DECISIONS 1)."""
    if facts.elsewhere:
        reason = f"The file's header says that it shows {facts.elsewhere}; wanted the wrist or the forearm."
        raise Stopped(READ, "region", reason)


def check_origin(told: Told, is_simulated: bool) -> None:
    """Raise Stopped where simulated and human images would mix (DECISIONS 4)."""
    if is_simulated and not told.is_simulated:
        raise Stopped(READ, "origin", "The file is a simulated image; this study takes images of people alone.")
    if told.is_simulated and not is_simulated:
        reason = "The file is not marked as simulated; this study is a simulated one and takes no image of a person."
        raise Stopped(READ, "origin", reason)


def match_person(told: Told, person: Person) -> None:
    """Raise Stopped where the header names another person than the participant."""
    answer, by = compare(told.salt, told.fingerprints, person)
    if answer == NO:
        reason = f"The file names another person: {_SAID[by]} than {told.code}. Check whose image this is."
        raise Stopped(MATCH, "person", reason)


def check_side(told: Told, header_side: str) -> None:
    """Raise Stopped, with a choice, where the header names the other side than the form."""
    if not header_side or header_side == told.side or told.header_side_is_wrong:
        return
    reason = (
        f"The file's header says {SIDES[header_side].upper()} and it was dropped at the {SIDES[told.side].upper()} "
        "forearm. Say which is right: it was dropped at the wrong place, or the header is wrong."
    )
    raise Stopped(SIDE, "side", reason, SIDE_CONFLICT)


def plan_of(told: Told) -> Plan:
    """Return how this upload's files are de-identified."""
    return Plan(told.code, told.key, told.shift_days, told.side, told.is_simulated)


def verify_volume(source: Path, target: Path, data_at: int, words: tuple[str, ...], code: str) -> None:
    """Raise FormatError unless the image behind the header is the same and the header names nobody."""
    n_bytes = target.stat().st_size - data_at
    if hash_from(source, data_at, n_bytes) != hash_from(target, data_at, n_bytes):
        raise FormatError("the cleaned copy", "other image bytes", "the image that was read", "verify")
    with target.open("rb") as stream:
        head = stream.read(data_at)
    verify_header(head, tuple(word for word in words if word.upper() != code.upper()))


@contextlib.contextmanager
def _step(step: str) -> Iterator[None]:
    """Turn what goes wrong with a file in a step into the sentence of its verdict."""
    try:
        yield
    except Stopped:
        raise
    except FormatError as error:
        raise Stopped.from_format(step, error) from None
    except MemoryError:
        too_large = FormatError("the file", "more than memory holds", "a smaller image", "too_large")
        raise Stopped.from_format(step, too_large) from None
    except _DAMAGED as damage:
        found = f"data that no reader can follow ({type(damage).__name__})"
        broken = FormatError("the file", found, "a whole image", "damaged")
        raise Stopped.from_format(step, broken) from damage


def describe_evidence(told: Told, one: Cleaned) -> dict[str, Any]:
    """Return what says which side it is: the form, the header, and the letter in the picture."""
    return {"form": told.side, "header": one.header_side or None, "marker": one.marker_side or None}
