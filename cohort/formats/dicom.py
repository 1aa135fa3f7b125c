"""Open a DICOM file that nobody trusts: header first, and refused before anything large is decoded (pure).

PS3.10 for the file, PS3.5 for the encoding. The file is read through a memory map, so that a length no file could
hold is met by the end of the file and not by an allocation.
"""

import math
import mmap
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_file_meta_info
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from cohort.formats import sniff
from cohort.formats.errors import FormatError
from cohort.formats.limits import Limits, in_words

# What a value may be is judged here, attribute by attribute; pydicom's warnings would carry values of the header.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

CR, DX, DX_PROCESSING = (
    "1.2.840.10008.5.1.4.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.1.1",
)
CT = "1.2.840.10008.5.1.4.1.1.2"
SC, SC_BYTE, SC_WORD = (
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.7.2",
    "1.2.840.10008.5.1.4.1.1.7.3",
)
SOP_CLASSES = {
    CR: "Computed Radiography",
    DX: "Digital X-Ray for presentation",
    DX_PROCESSING: "Digital X-Ray for processing",
    CT: "CT",
    SC: "Secondary Capture",
    SC_BYTE: "multi-frame grayscale byte Secondary Capture",
    SC_WORD: "multi-frame grayscale word Secondary Capture",
}
"""The only kinds of DICOM object that are read (PS3.4 B.5)."""

PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
"""The transfer syntaxes whose pixels are not compressed (PS3.5 A.1, A.2, A.3, A.5)."""

_SPOKEN_OF = {
    "1.2.840.10008.5.1.4.1.1.104.1": ("a PDF document inside DICOM", "pdf"),
    "1.2.840.10008.5.1.4.1.1.66.4": ("a segmentation, not a picture", "segmentation"),
    "1.2.840.10008.1.3.10": ("a DICOMDIR, the table of contents of a disc", "dicomdir"),
    "1.2.840.10008.5.1.4.1.1.6.1": ("an ultrasound picture", "sop_class"),
    "1.2.840.10008.5.1.4.1.1.4": ("a magnetic resonance image", "sop_class"),
    "1.2.840.10008.5.1.4.1.1.481.2": ("a radiotherapy dose", "sop_class"),
}
_WANTED = "a radiograph (CR or DX), a DXA picture (Secondary Capture) or a CT slice"
_NO_FILE_META = "a DICOM file without its beginning (no file meta information)"

Pixels = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def read_dicom(path: Path, limits: Limits) -> FileDataset:
    """Return the whole data set of a file, its header checked first.

    Raises FormatError: not DICOM, a kind of object that is not read, too large, cut short, or without pixels.
    """
    with _opened(path, limits) as source:
        check_header(_parse(source, stop_before_pixels=True), limits)
        dataset = _parse(source, stop_before_pixels=False)
    check_pixels(dataset)
    return dataset


def read_header(path: Path, limits: Limits) -> FileDataset:
    """Return the data set of a file without its pixels, checked. Raises FormatError as `read_dicom` does."""
    with _opened(path, limits) as source:
        header = _parse(source, stop_before_pixels=True)
    check_header(header, limits)
    return header


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[BinaryIO]:
    limits.check_file(path.stat().st_size)
    if sniff.sniff(path) not in {sniff.DICOM, sniff.DICOM_BARE}:
        raise FormatError("the file", "something else", "DICOM", "not_dicom")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield inflate_if_deflated(path, cast(BinaryIO, mapped), limits)


def inflate_if_deflated(path: Path, source: BinaryIO, limits: Limits) -> BinaryIO:
    """Return the file as it is, or written anew without its deflation, inflated no further than the limit."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta = read_file_meta_info(path)
    except (InvalidDicomError, EOFError, ValueError, AttributeError, NotImplementedError):
        return source
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return source
    source.seek(_end_of_meta(meta))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(source.read(), limits.inflated_bytes)
    except zlib.error:
        raise FormatError("the deflated data", "damaged bytes", "a whole file", "truncated") from None
    if inflater.unconsumed_tail or not inflater.eof:
        if len(inflated) >= limits.inflated_bytes:
            wanted = f"at most {in_words(limits.inflated_bytes)} once inflated"
            raise FormatError("the deflated data", "more than that", wanted, "too_large")
        raise FormatError("the deflated data", "an end in the middle", "a whole file", "truncated")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    plain = DicomBytesIO()
    plain.write(bytes(128) + b"DICM")
    write_file_meta_info(plain, meta, enforce_standard=False)
    return BytesIO(plain.getvalue() + inflated)


def _end_of_meta(meta: Dataset) -> int:
    """Return where the file meta information ends: behind its group length (PS3.10, 7.1)."""
    length = meta.get("FileMetaInformationGroupLength")
    if length is None:
        raise FormatError("the file meta information", "no length", "its length", "unreadable")
    # Preamble, mark, and the group length element itself.
    return 128 + 4 + 12 + int(length)


def _parse(source: BinaryIO, stop_before_pixels: bool) -> FileDataset:
    source.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(source, force=True, stop_before_pixels=stop_before_pixels)
    except RecursionError:
        raise FormatError("the header", "sequences nested too deeply", "a readable header", "nested") from None
    except MemoryError:
        raise FormatError("the header", "lengths no memory could hold", "a readable header", "too_large") from None
    except (InvalidDicomError, ValueError, TypeError, KeyError, AttributeError, EOFError, OSError, NotImplementedError):
        raise FormatError("the header", "damaged data elements", "a readable DICOM header", "damaged") from None


def check_header(dataset: FileDataset, limits: Limits) -> None:
    """Raise FormatError unless the header is of a kind that is read and its image is within the limits."""
    kind = text(dataset, "SOPClassUID") or str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    if "DirectoryRecordSequence" in dataset or kind == "1.2.840.10008.1.3.10":
        raise FormatError("the file", _SPOKEN_OF["1.2.840.10008.1.3.10"][0], _WANTED, "dicomdir")
    if not kind and not dataset.file_meta:
        raise FormatError("the file", _NO_FILE_META, "a whole DICOM file", "no_meta")
    if kind not in SOP_CLASSES:
        found, code = _SPOKEN_OF.get(kind, ("another kind of DICOM object", "sop_class"))
        raise FormatError("the file", found, _WANTED, code)
    if not dataset.file_meta.get("TransferSyntaxUID"):
        raise FormatError("the file meta information", "no transfer syntax", "how the pixels are encoded", "no_meta")
    limits.check_decoded(decoded_bytes(dataset))


def decoded_bytes(dataset: Dataset) -> int:
    """Return how many bytes the decoded image takes, by the header alone."""
    rows, columns = whole(dataset, "Rows"), whole(dataset, "Columns")
    bits = whole(dataset, "BitsAllocated")
    if not rows or not columns or not bits:
        raise FormatError("the header", "no size of the picture", "rows, columns and bits", "no_pixels")
    if bits not in {8, 16, 32}:
        raise FormatError("the header", f"{bits} bits a value", "8, 16 or 32", "bits")
    frames, samples = whole(dataset, "NumberOfFrames") or 1, whole(dataset, "SamplesPerPixel") or 1
    if frames < 1 or samples not in {1, 3}:
        raise FormatError("the header", f"{frames} frames of {samples} samples", "one or more frames", "damaged")
    return rows * columns * frames * samples * bits // 8


def check_pixels(dataset: FileDataset) -> None:
    """Raise FormatError unless there are pixels and, where they are not compressed, all of them."""
    if "PixelData" not in dataset or not dataset.PixelData:
        raise FormatError("the file", "no pixels", "a picture", "no_pixels")
    # A private syntax says nothing of itself: whether it is one that is read, the decoder tells.
    if str(dataset.file_meta.TransferSyntaxUID) not in PLAIN:
        return
    wanted, found = decoded_bytes(dataset), len(dataset.PixelData)
    if text(dataset, "PhotometricInterpretation") == "YBR_FULL_422":
        wanted = wanted * 2 // 3
    if found < wanted:
        raise FormatError("the pixels", in_words(found), f"{in_words(wanted)}, as the header says", "truncated")


def text(dataset: Dataset, keyword: str) -> str:
    """Return a value as text, stripped; empty where it is absent or cannot be read."""
    found = value_of(dataset, keyword)
    if found is None or isinstance(found, bytes):
        return ""
    parts = found if isinstance(found, list | tuple | pydicom.multival.MultiValue) else [found]
    return "\\".join(str(part).strip(" \0") for part in parts)


def whole(dataset: Dataset, keyword: str) -> int | None:
    """Return a whole number, or None where there is none. Raises FormatError for what is no whole number."""
    found = number(dataset, keyword)
    if found is None:
        return None
    if found != int(found):
        raise FormatError(f"{keyword} in the header", "a fraction", "a whole number", "damaged")
    return int(found)


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return the first number of a value, or None where there is none. Raises FormatError for what is no number."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return the finite numbers of a value; empty where it is absent. Raises FormatError for what is no number."""
    found = value_of(dataset, keyword)
    if found is None or found in ("", b""):
        return ()
    parts = found if isinstance(found, list | tuple | pydicom.multival.MultiValue) else [found]
    try:
        return tuple(_finite(float(part)) for part in parts if str(part).strip())
    except (ValueError, TypeError, OverflowError):
        raise FormatError(f"{keyword} in the header", "no number", "a number", "damaged") from None


def value_of(dataset: Dataset, keyword: str) -> Any:
    """Return a value, None where it is absent. Raises FormatError where its bytes cannot be read as its kind."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dataset.get(keyword)
    except RecursionError:
        raise FormatError("the header", "sequences nested too deeply", "a readable header", "nested") from None
    except (ValueError, TypeError, KeyError, AttributeError, EOFError, OSError, NotImplementedError, UnicodeError):
        raise FormatError(f"{keyword} in the header", "damaged bytes", "a value of its kind", "damaged") from None


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("not finite")
    return value
