"""A Stratec scanner's own `.TYP` file: what its scans' numbers stand for (pure).

Text of sections and `Name = value`. Its section `[DeviceType XCT2000.TYP]` carries the name that a scan's header
repeats, XSlope and XInter. Density in mg/cm3 = native * XSlope / 1000 + XInter: a native number is the attenuation in
1/cm times 1000 (Rantalainen et al., pQCT for ImageJ, where an XCT 2000 has 1.724 and -322). The form is that of a
public file of an XCT1000 (XSlope 440, XInter -165); nobody has checked it here against a scanner's own densities.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from cohort.formats.errors import FormatError
from cohort.formats.limits import in_words
from cohort.formats.stratec import DeviceCalibration

LARGEST_BYTES = 1 << 20
SLOPES, INTERCEPTS = (50.0, 10_000.0), (-2000.0, 1000.0)
"""What a scanner may say; beyond them the file is damaged or means something else."""
_SECTION = re.compile(r"^\[DeviceType\s+([^\]\r\n]{1,40}?)\s*\]", re.IGNORECASE | re.MULTILINE)
_VALUE = r"^{name}\s*=\s*(\S+)"


@dataclass(frozen=True)
class ScannerFile:
    """One scanner. device: as a scan's header names it, in capitals."""

    device: str
    calibration: DeviceCalibration


def read_typ(path: Path) -> ScannerFile:
    """Return a scanner and its calibration. Raises FormatError for what does not say both, or says the impossible."""
    n_bytes = path.stat().st_size
    if n_bytes > LARGEST_BYTES:
        wanted = f"at most {in_words(LARGEST_BYTES)}"
        raise FormatError("the scanner's file", in_words(n_bytes), wanted, "typ")
    text = path.read_bytes().decode("latin-1")
    section = _SECTION.search(text)
    if section is None:
        raise FormatError("the scanner's file", "no section [DeviceType ....TYP]", "the scanner's own .TYP file", "typ")
    rest = text[section.end() :]
    slope = _find(rest, "XSlope", SLOPES)
    intercept = _find(rest, "XInter", INTERCEPTS)
    return ScannerFile(section.group(1).upper(), DeviceCalibration(slope / 1000, intercept))


def _find(text: str, name: str, within: tuple[float, float]) -> float:
    found = re.search(_VALUE.format(name=name), text, re.IGNORECASE | re.MULTILINE)
    low, high = within
    try:
        value = float(found.group(1)) if found else None
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        said = f"{name} = {found.group(1)[:20]}" if found else f"no {name}"
        raise FormatError("the scanner's file", said, f"{name} from {low:g} to {high:g}", "typ")
    return value
