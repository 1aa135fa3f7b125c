"""What a file is, told by its content alone: names and extensions lie (pure)."""

import re
import struct
from pathlib import Path

DICOM, DICOM_BARE = "dicom", "dicom without a preamble"
ISQ, AIM, STRATEC, STRATEC_SCOUT = "Scanco ISQ", "Scanco AIM", "Stratec scan", "Stratec scout or calibration"
STRATEC_TYP = "Stratec scanner's settings"
PNG, JPEG, ZIP, PDF, UNKNOWN = "PNG picture", "JPEG picture", "zip archive", "PDF document", "unknown"

SNIFFED_BYTES = 1700
"""Enough for every mark below; Stratec's header is 1609 bytes."""

_MAGIC = (
    (b"CTDATA-HEADER_V1", ISQ),
    (b"AIMDATA_V030   \0", AIM),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"%PDF-", PDF),
)
_OLD_AIMS = {struct.pack("<ii", *sizes) for sizes in ((20, 140), (16, 96), (20, 96), (16, 92), (20, 92))}
"""Versions 1 and 2 of an AIM have no name: they begin with the lengths of that list and of the image's structure."""
_TYP = re.compile(rb"^\[DeviceType\s+[^\]\r\n]{1,40}\.TYP\s*\]", re.IGNORECASE | re.MULTILINE)
_SCAN_HEADER, _SCOUT_HEADER = 1609, 1529
_DEVICE_AT = 1050


def sniff(path: Path) -> str:
    """Return what the file is: one of the words above."""
    with path.open("rb") as stream:
        return sniff_bytes(stream.read(SNIFFED_BYTES))


def sniff_bytes(head: bytes) -> str:
    """Return what begins with these bytes. A DICOM mark wins over whatever stands in the preamble (CVE-2019-11687)."""
    if head[128:132] == b"DICM":
        return DICOM
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    if head[:8] in _OLD_AIMS:
        return AIM
    if (what := _stratec(head)) != UNKNOWN:
        return what
    if _TYP.search(head):
        return STRATEC_TYP
    return DICOM_BARE if _begins_with_an_element(head) else UNKNOWN


def _stratec(head: bytes) -> str:
    """Tell Stratec files by the length of their header and the device's `.TYP` behind it (Numerics88 pQCTIO)."""
    if len(head) < SNIFFED_BYTES:
        return UNKNOWN
    (length,) = struct.unpack_from("<i", head, 4)
    # A scout's header is eight bytes longer at its beginning, shorter at its end.
    at = {_SCAN_HEADER: _DEVICE_AT, _SCOUT_HEADER: _DEVICE_AT + 8}.get(length)
    if at is None or b".TYP" not in head[at : at + 14].upper():
        return UNKNOWN
    return STRATEC if length == _SCAN_HEADER else STRATEC_SCOUT


def _begins_with_an_element(head: bytes) -> bool:
    """True if the bytes begin with a data element of group 2 or 8, as a DICOM file without preamble does."""
    if len(head) < 8:
        return False
    group, element, length = struct.unpack_from("<HHI", head, 0)
    if (group, element) not in {
        (0x0002, 0x0000),
        (0x0002, 0x0001),
        (0x0008, 0x0000),
        (0x0008, 0x0005),
        (0x0008, 0x0008),
        (0x0008, 0x0016),
        (0x0008, 0x0001),
    }:
        return False
    return (head[4:6].isalpha() and head[4:6].isupper()) or length < 1024
