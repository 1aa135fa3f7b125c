"""Names burned into a picture: what is refused, and what is cut away, by rule (pure).

A page of a DXA report is mostly text, so of a Secondary Capture only the scan itself comes in: a picture of measured
values, or the rectangle that the maker's own data say the scan lies in. What says of itself that it carries text is
refused. No header rule is safe against text that nobody declared: the text detector is a net of its own.
"""

import re

from pydicom.dataset import FileDataset

from cohort.formats.dicom import SC, SC_BYTE, SC_WORD
from cohort.formats.dicom_facts import DicomFacts
from cohort.formats.errors import FormatError
from cohort.formats.volume import AREAL

Rectangle = tuple[int, int, int, int]
"""(top, left, rows, columns) in pixels."""

_CREATORS = frozenset({"HOLOGIC", "GEMS_LUNAR_RAW"})
_PLACE = re.compile(r"Image(XPos|YPos|XSize|YSize)\s*=\s*\"?\s*(\d{1,5})")
_LARGEST_PRIVATE = 1 << 22


def find_scan(dataset: FileDataset, facts: DicomFacts) -> Rectangle | None:
    """Return the part of the picture to keep, None for all of it.

    Raises FormatError for a picture that says it carries text, and for a captured page of which it is not known
    where the scan lies.
    """
    if facts.says_burned_in:
        found = "a picture that says it has text burned in"
        raise FormatError("the picture", found, "the scan without names in it", "burned_in")
    if facts.sop_class not in {SC, SC_BYTE, SC_WORD} or facts.unit == AREAL:
        return None
    rectangle = _scan_rectangle(dataset)
    if rectangle is None:
        found = "a captured page, which may show the patient's name"
        raise FormatError("the picture", found, "the scan's own image", "burned_in")
    top, left, rows, columns = rectangle
    if rows < 8 or columns < 8 or top + rows > facts.rows or left + columns > facts.columns:
        raise FormatError("the place of the scan in the page", "outside the picture", "a part of it", "burned_in")
    return rectangle


def _scan_rectangle(dataset: FileDataset) -> Rectangle | None:
    """Return the scan's rectangle from the maker's private text (Hologic APEX: ImageXPos, YPos, XSize, YSize)."""
    for element in dataset:
        if not element.tag.is_private or element.private_creator not in _CREATORS:
            continue
        raw = element.value if isinstance(element.value, bytes) else str(element.value).encode("latin-1", "replace")
        found = {name: int(value) for name, value in _PLACE.findall(raw[:_LARGEST_PRIVATE].decode("latin-1"))}
        if len(found) == 4:
            return found["YPos"], found["XPos"], found["YSize"], found["XSize"]
    return None
