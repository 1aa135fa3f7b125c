"""The last look at a de-identified file: read again from the disk and compared with its original (pure).

It does not trust the code that wrote it: what the original says of a person is searched in what was written, UIDs and
dates must have changed as they should, and every pixel must be the one that was read.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset

from cohort.deid.dates import parse_da, shift_day
from cohort.deid.dicom import IMPLEMENTATION_NAME, IMPLEMENTATION_UID, SIMULATED_MARK, Plan
from cohort.deid.profile import PROFILE, WRITTEN_BY_US, Action
from cohort.formats.dicom import text
from cohort.formats.errors import FormatError
from cohort.formats.volume import Values

_SHORTEST = 4
"""Words of fewer signs are found by chance and name nobody."""
_TEXTS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT", "AS"})
_DEEPEST = 64
_WORDS = re.compile(rb"[\x20-\x7e\xa0-\xff]{6,256}")


@dataclass(frozen=True)
class Banned:
    """What must not be found again: whole values and words of names, folded to capitals; old UIDs."""

    values: frozenset[str] = field(repr=False)
    uids: frozenset[str] = field(repr=False)


def collect_banned(source: FileDataset, sop_class: str) -> Banned:
    """Return what the original says beyond what its profile keeps: texts, names word by word, UIDs, private data."""
    kept = {keyword for keyword, rule in PROFILE[sop_class].items() if rule.action in {Action.WORD, Action.TEXT}}
    values: set[str] = set()
    uids: set[str] = set()
    for element, depth in _walk(source, 0):
        if element.VR == "UI":
            uids.update(str(part) for part in _parts(element) if str(part) != sop_class)
        elif element.tag.is_private or element.VR in {"UN", "OB"}:
            values.update(_words(element))
        elif element.VR in _TEXTS - {"AS"} and not (depth == 0 and element.keyword in kept):
            told = [str(part) for part in _parts(element)]
            values.update(told)
            if element.VR == "PN":
                values.update(word for one in told for word in re.split(r"[\^=\s,]+", one))
        elif element.VR in {"DA", "DT"}:
            values.update(str(part) for part in _parts(element))
    return Banned(frozenset(found for one in values if len(found := one.strip().upper()) >= _SHORTEST), frozenset(uids))


def verify_dicom(source: FileDataset, pixels: Values, plan: Plan, written: Path) -> None:
    """Raise FormatError naming what is wrong with the written file; return where nothing is."""
    raw = written.read_bytes()
    if raw[:128].strip(b"\0") or raw[128:132] != b"DICM":
        raise _broken("a preamble that is not empty", "128 zeros")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = pydicom.dcmread(written)
        sop_class = text(made, "SOPClassUID")
        _check_attributes(made, sop_class)
        banned = collect_banned(source, sop_class)
        mark = SIMULATED_MARK if plan.is_simulated else ""
        if (made.PatientID, text(made, "ImageComments")) != (plan.patient_id, mark):
            raise _broken("another code or mark", "the participant's")
        _check_texts(made, banned, plan, raw[: -len(made.PixelData)])
        _check_uids(made, banned)
        _check_dates(source, made, plan)
        found = made.pixel_array.reshape(pixels.shape)
    if found.dtype != pixels.dtype or not np.array_equal(found, pixels):
        raise _broken("other pixels", "the pixels that were read")


def verify_header(head: bytes, words: tuple[str, ...]) -> None:
    """Raise FormatError when a cleaned binary header still holds a word of the person's."""
    folded = head.upper()
    for word in words:
        for part in (word, *re.split(r"[\^=\s,]+", word)):
            if len(part) >= _SHORTEST and part.upper().encode("latin-1", "replace") in folded:
                raise _broken("a word of the person's", "none")


def _check_attributes(made: FileDataset, sop_class: str) -> None:
    allowed = set(PROFILE[sop_class]) | WRITTEN_BY_US
    for element in made:
        if element.tag.is_private or element.keyword not in allowed:
            raise _broken(f"the attribute {keyword_for_tag(element.tag) or element.tag}", "only those allowed")
        rule = PROFILE[sop_class].get(element.keyword)
        if rule is None:
            continue
        if rule.action is Action.EMPTY and _parts(element):
            raise _broken(f"a value of {element.keyword}", "none")
        if rule.action is Action.WORD and not {str(part) for part in _parts(element)} <= rule.words:
            raise _broken(f"a word of {element.keyword} that is not on its list", "a word of the list")
    meta = {element.keyword for element in made.file_meta}
    if not meta <= {
        "FileMetaInformationGroupLength",
        "FileMetaInformationVersion",
        "MediaStorageSOPClassUID",
        "MediaStorageSOPInstanceUID",
        "TransferSyntaxUID",
        "ImplementationClassUID",
        "ImplementationVersionName",
    }:
        raise _broken("other file meta information", "our own")


def _check_texts(made: FileDataset, banned: Banned, plan: Plan, head: bytes) -> None:
    """Search the free texts of the file for each banned value, and its bytes for the longer ones."""
    ours = {plan.patient_id.upper(), plan.code.upper(), IMPLEMENTATION_NAME}
    closed = {word for rule in PROFILE[str(made.SOPClassUID)].values() for word in rule.words} | ours
    closed |= {str(part).upper() for element, _ in _walk(made, 0) for part in _parts(element) if _is_ours(element)}
    wanted = {value for value in banned.values if value not in closed}
    open_texts = " ".join(
        str(part).upper()
        for element in made
        for part in _parts(element)
        if element.VR in _TEXTS and not _is_ours(element)
    )
    for value in wanted:
        if value in open_texts:
            raise _broken("a value of the original that names somebody", "none")
    bytes_of_file = head.upper()
    for value in wanted:
        if len(value) >= 6 and not value.isdigit() and value.encode("latin-1", "replace") in bytes_of_file:
            if any(value in one for one in closed):
                continue
            raise _broken("a value of the original", "none")


def _is_ours(element: DataElement) -> bool:
    return element.keyword in WRITTEN_BY_US or element.keyword in {"CodeMeaning", "CodeValue", "CodingSchemeDesignator"}


def _check_uids(made: FileDataset, banned: Banned) -> None:
    known = {str(made.SOPClassUID), IMPLEMENTATION_UID, str(made.file_meta.TransferSyntaxUID)}
    for element in [*made, *made.file_meta]:
        if element.VR == "UI":
            for part in _parts(element):
                if str(part) not in known and (str(part) in banned.uids or not str(part).startswith("2.25.")):
                    raise _broken("a UID of the original", "new ones")


def _check_dates(source: FileDataset, made: FileDataset, plan: Plan) -> None:
    for element in made:
        if element.VR == "DA" and element.value:
            before, after = parse_da(text(source, element.keyword)), parse_da(str(element.value))
            if before is None or after != shift_day(before, plan.shift_days):
                raise _broken(f"{element.keyword} not shifted", "every date shifted by the person's days")


def _walk(dataset: Dataset, depth: int) -> Iterator[tuple[DataElement, int]]:
    """Yield every data element, those inside sequences too; deeper than a limit nothing is read."""
    if depth > _DEEPEST:
        raise FormatError("the header", "sequences nested too deeply", "a readable header", "nested")
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except (ValueError, TypeError, KeyError, AttributeError, EOFError, NotImplementedError, RecursionError):
            # What cannot be read as its kind is not carried over either.
            continue
        if element.VR != "SQ":
            yield element, depth
            continue
        for item in element.value:
            yield from _walk(item, depth + 1)


def _parts(element: DataElement) -> list[object]:
    value = element.value
    if value is None or isinstance(value, bytes) or value == "":
        return []
    return list(value) if isinstance(value, pydicom.multival.MultiValue) else [value]


def _words(element: DataElement) -> set[str]:
    """Return readable runs of text in private or unknown data."""
    if element.keyword == "PixelData":
        return set()
    value = element.value
    raw = value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")
    return {found.decode("latin-1") for found in _WORDS.findall(raw[: 1 << 20])}


def _broken(found: str, wanted: str) -> FormatError:
    return FormatError("the cleaned copy", found, wanted, "verify")
