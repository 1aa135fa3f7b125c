"""Decode the pixels of a DICOM data set into an array (pure).

pydicom with Pillow (JPEG), pylibjpeg-openjpeg (JPEG 2000, HTJ2K), pyjpegls (JPEG-LS) and pylibjpeg-rle; imagecodecs
for 12-bit and lossless JPEG, which none of these decodes. Each syntax has one decoder, named here: which one answers
must not hang on what else is installed.
"""

import warnings
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from pydicom.dataset import FileDataset
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder

from cohort.formats.codestream import ends_whole, frame_size
from cohort.formats.dicom import PLAIN, text, whole
from cohort.formats.errors import FormatError
from cohort.formats.volume import Values

JPEG_BASELINE, JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS, JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"
JPEGLS_LOSSLESS, JPEGLS_NEAR = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
J2K_LOSSLESS, J2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS, HTJ2K_RPCL, HTJ2K = "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"
RLE = "1.2.840.10008.1.2.5"

_BY_PYDICOM = {
    JPEG_BASELINE: "pillow",
    JPEGLS_LOSSLESS: "pyjpegls",
    JPEGLS_NEAR: "pyjpegls",
    J2K_LOSSLESS: "pylibjpeg",
    J2K: "pylibjpeg",
    HTJ2K_LOSSLESS: "pylibjpeg",
    HTJ2K_RPCL: "pylibjpeg",
    HTJ2K: "pylibjpeg",
    RLE: "pylibjpeg",
}
_BY_IMAGECODECS: dict[str, Callable[[bytes], Any]] = {
    JPEG_EXTENDED: imagecodecs.jpeg_decode,
    JPEG_LOSSLESS: imagecodecs.ljpeg_decode,
    JPEG_LOSSLESS_SV1: imagecodecs.ljpeg_decode,
}
SYNTAXES = (*PLAIN, *_BY_PYDICOM, *_BY_IMAGECODECS)
"""Every transfer syntax that is read (PS3.6 A). Any other is refused by name."""


def decode(dataset: FileDataset) -> Values:
    """Return the stored values: (frames, rows, columns), or (frames, rows, columns, 3) for colour as it is stored.

    Integer, the machine's own byte order, sign repaired where a JPEG 2000 stream knows better than its header.
    Raises FormatError for a syntax that is not read and for frames that do not decode to what the header says.
    """
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if syntax not in SYNTAXES:
        raise FormatError("the encoding of the pixels", "one that is not read", "plain, JPEG or RLE", "syntax")
    if syntax not in PLAIN:
        _check_frame_sizes(dataset)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = _decode(dataset, syntax)
    except FormatError:
        raise
    except MemoryError:
        raise FormatError("the pixels", "more than memory holds", "a smaller picture", "too_large") from None
    except Exception as error:  # noqa: BLE001 - decoders raise whatever their libraries do; the file is at fault
        found = f"bytes the decoder cannot follow ({type(error).__name__})"
        raise FormatError("the pixels", found, "a whole picture", "truncated") from None
    return _keep_stored_bits(_with_axes(values, dataset), dataset)


def is_signed(dataset: FileDataset) -> bool:
    """True if the stored values carry a sign by the header (PS3.3 C.7.6.3)."""
    return whole(dataset, "PixelRepresentation") == 1


def _decode(dataset: FileDataset, syntax: str) -> Values:
    if syntax not in _BY_IMAGECODECS:
        plugin = _BY_PYDICOM.get(syntax, "")
        values, _ = get_decoder(dataset.file_meta.TransferSyntaxUID).as_array(dataset, raw=True, decoding_plugin=plugin)
        return np.asarray(values)
    n_frames = whole(dataset, "NumberOfFrames") or 1
    frames = [_BY_IMAGECODECS[syntax](frame) for frame in generate_frames(dataset.PixelData, number_of_frames=n_frames)]
    if len(frames) != n_frames:
        raise FormatError("the pixels", f"{len(frames)} frames", f"{n_frames}, as the header says", "truncated")
    values = np.stack(frames)
    # These decoders know no sign: the bits are two's complement (PS3.5 8.1.1).
    return values.view(f"i{values.dtype.itemsize}") if is_signed(dataset) else values


def _keep_stored_bits(values: Values, dataset: FileDataset) -> Values:
    """Drop what stands above the stored bits: old files keep overlays there, and overlays can spell a name."""
    stored = whole(dataset, "BitsStored") or values.dtype.itemsize * 8
    high = whole(dataset, "HighBit")
    if high is not None and high != stored - 1:
        raise FormatError("the header", f"{stored} bits ending at bit {high}", f"bit {stored - 1}", "bits")
    spare = values.dtype.itemsize * 8 - stored
    if spare <= 0:
        return values
    # Shifted up and down again: with its sign where there is one.
    return np.right_shift(np.left_shift(values, spare), spare)


def _check_frame_sizes(dataset: FileDataset) -> None:
    """Raise FormatError when a frame says it is larger than the header: a decoder would believe the frame."""
    rows, columns = whole(dataset, "Rows"), whole(dataset, "Columns")
    n_frames = whole(dataset, "NumberOfFrames") or 1
    try:
        frames = list(generate_frames(dataset.PixelData, number_of_frames=n_frames))
        sizes = [frame_size(frame) for frame in frames]
    except (ValueError, TypeError, EOFError, IndexError):
        raise FormatError("the pixels", "fragments that do not fit", "whole frames", "truncated") from None
    for size in sizes:
        if size is not None and size != (rows, columns):
            found, wanted = f"a frame of {size[0]} x {size[1]}", f"{rows} x {columns}, as the header says"
            raise FormatError("the pixels", found, wanted, "size")
    # CharLS takes many seconds over some streams that break off.
    if str(dataset.file_meta.TransferSyntaxUID) in {JPEGLS_LOSSLESS, JPEGLS_NEAR} and not all(map(ends_whole, frames)):
        raise FormatError("the pixels", "a JPEG-LS stream that breaks off", "a whole picture", "truncated")


def _with_axes(values: Values, dataset: FileDataset) -> Values:
    rows, columns = whole(dataset, "Rows") or 0, whole(dataset, "Columns") or 0
    n_frames = whole(dataset, "NumberOfFrames") or 1
    samples = whole(dataset, "SamplesPerPixel") or 1
    shape: tuple[int, ...] = (n_frames, rows, columns) if samples == 1 else (n_frames, rows, columns, samples)
    if values.size != int(np.prod(np.asarray(shape))):
        raise FormatError("the pixels", f"{values.size} values", f"{shape}, as the header says", "truncated")
    if values.dtype.kind not in "iu":
        raise FormatError("the pixels", f"values of kind {values.dtype.kind}", "whole numbers", "bits")
    return values.astype(values.dtype.newbyteorder("="), copy=False).reshape(shape)


def is_inverted(dataset: FileDataset) -> bool:
    """True for MONOCHROME1, where the lowest value is white (PS3.3 C.7.6.3.1.2)."""
    return text(dataset, "PhotometricInterpretation") == "MONOCHROME1"


def as_monochrome2(values: Values, dataset: FileDataset) -> Values:
    """Return grey values where more is brighter; grey kept as three equal colours becomes one.

    values: as `decode` returns them. Returns (frames, rows, columns).
    Raises FormatError for a true colour picture.
    """
    if values.ndim == 4:
        if not (np.array_equal(values[..., 0], values[..., 1]) and np.array_equal(values[..., 0], values[..., 2])):
            raise FormatError("the picture", "colours", "grey values, as a scan has them", "colour")
        values = np.ascontiguousarray(values[..., 0])
    if text(dataset, "PhotometricInterpretation") == "PALETTE COLOR":
        raise FormatError("the picture", "colours from a palette", "grey values, as a scan has them", "colour")
    if not is_inverted(dataset):
        return values
    bits = whole(dataset, "BitsStored") or values.dtype.itemsize * 8
    # The sum of the lowest and the highest value there can be: inverting keeps each value inside its bits.
    total = -1 if is_signed(dataset) else (1 << bits) - 1
    return (total - values.astype(np.int64)).astype(values.dtype)
