"""The headers of Scanco ISQ and Stratec files written anew; their image bytes stay as they are (pure).

As with DICOM an allow-list: a field that is needed to read the image is copied, the date is shifted, the research code
stands where the name stood, and every other byte is zero. Old text behind a shorter name, which Stratec leaves in its
fields, goes with it.
"""

import hashlib
import re
import struct
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

from cohort.deid.dates import shift_day
from cohort.formats import isq, stratec
from cohort.formats.isq import BLOCK, IsqHeader, list_extended_blocks, vms_ticks
from cohort.formats.stratec import HEADER_BYTES, StratecHeader

_CHUNK = 1 << 20

_ISQ_KEPT = ((0, 28), (32, 36), (44, 112), (116, 128), (168, 176), (508, 512))
"""Magic, type and lengths; scanner; sizes and scan settings; site and algorithm; tube; offset of the image.

Left out: index of patient and of measurement, date, name, and the bytes nobody has documented.
"""
_ISQ_CALIBRATION_KEPT = ((632, 704),)
"""Unit type, unit, slope, intercept, attenuation of water. Left out: names of calibration files and of people."""
_ISQ_PARTS = frozenset({"MultiHeader", "Calibration"})

_STRATEC_KEPT = ((0, 8), (12, 20), (318, 334), (1525, 1533))
"""Version and header length; voxel size; object length and percentage of it; place and size of the image."""
_DEVICE = re.compile(r"^[A-Z0-9_ -]{1,8}\.TYP$")


def write_clean_isq(source: Path, header: IsqHeader, code: str, shift_days: int, target: Path) -> None:
    """Write the ISQ with a header that names nobody. A sparse file stays sparse."""
    with source.open("rb") as read, target.open("xb") as write:
        write.write(clean_isq_header(read.read(header.data_at), header.taken_on, code, shift_days))
        _copy_rest(read, write)


def clean_isq_header(head: bytes, taken_on: date | None, code: str, shift_days: int) -> bytes:
    """Return the first block and the extended header, cleaned; of the same length."""
    clean = bytearray(len(head))
    _keep(head, clean, _ISQ_KEPT)
    if taken_on is not None:
        struct.pack_into("<Q", clean, isq.DATE_AT, vms_ticks(shift_day(taken_on, shift_days)))
    clean[isq.NAME_AT : isq.NAME_AT + isq.NAME_BYTES] = code.encode("ascii")[: isq.NAME_BYTES].ljust(isq.NAME_BYTES)
    extended = head[BLOCK:]
    has_table_before = extended[8:24] == b"MultiHeader     "
    if has_table_before:
        _keep(head, clean, ((BLOCK + 8, BLOCK + 28),))
    table = BLOCK + (BLOCK if has_table_before else 0)
    for index, (name, at, _) in enumerate(list_extended_blocks(extended)):
        entry = table + index * 128
        _keep(head, clean, ((entry + 24, entry + 28),))
        if name in _ISQ_PARTS:
            _keep(head, clean, ((entry + 8, entry + 24),))
        if name == "Calibration":
            begin = BLOCK + at
            _keep(head, clean, tuple((begin + first, begin + last) for first, last in _ISQ_CALIBRATION_KEPT))
    return bytes(clean)


def write_clean_stratec(source: Path, header: StratecHeader, code: str, shift_days: int, target: Path) -> None:
    """Write the scan with a header that names nobody, and nothing behind its image."""
    columns, rows = header.size
    with source.open("rb") as read:
        head, image = read.read(HEADER_BYTES), read.read(2 * columns * rows)
    with target.open("xb") as write:
        write.write(clean_stratec_header(head, header, code, shift_days) + image)


def clean_stratec_header(head: bytes, header: StratecHeader, code: str, shift_days: int) -> bytes:
    """Return the header, cleaned; of the same length."""
    clean = bytearray(len(head))
    _keep(head, clean, _STRATEC_KEPT)
    if header.taken_on is not None:
        day = shift_day(header.taken_on, shift_days)
        struct.pack_into("<i", clean, stratec.DATE_AT, day.year * 10000 + day.month * 100 + day.day)
    # The device's name tells the file apart from others, so a strange one is replaced and not left out.
    device = header.device if _DEVICE.match(header.device.upper()) else "XCT.TYP"
    _put_pascal(clean, stratec.DEVICE_AT, device, stratec.DEVICE_ROOM)
    _put_pascal(clean, stratec.NAME_AT, code, stratec.NAME_ROOM)
    _put_pascal(clean, stratec.PATIENT_ID_AT, code, stratec.PATIENT_ID_ROOM)
    return bytes(clean)


def hash_from(path: Path, begin: int, n_bytes: int) -> str:
    """Return the SHA-256 of part of a file: the image behind a header."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        stream.seek(begin)
        for chunk in _chunks(stream, n_bytes):
            digest.update(chunk)
    return digest.hexdigest()


def _keep(source: bytes, target: bytearray, ranges: tuple[tuple[int, int], ...]) -> None:
    for first, last in ranges:
        if last <= len(source):
            target[first:last] = source[first:last]


def _put_pascal(target: bytearray, at: int, told: str, room: int) -> None:
    raw = told.encode("ascii")[:room]
    target[at : at + 1 + len(raw)] = bytes((len(raw),)) + raw


def _copy_rest(read: BinaryIO, write: BinaryIO) -> None:
    while chunk := read.read(_CHUNK):
        if chunk.count(0) == len(chunk):
            write.seek(len(chunk), 1)
        else:
            write.write(chunk)
    write.truncate()


def _chunks(stream: BinaryIO, n_bytes: int) -> Iterator[bytes]:
    while n_bytes > 0 and (chunk := stream.read(min(_CHUNK, n_bytes))):
        n_bytes -= len(chunk)
        yield chunk
