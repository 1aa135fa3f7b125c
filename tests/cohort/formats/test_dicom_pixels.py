"""The codec matrix: pydicom's own test files, decoded as pydicom and the other decoders do (IMAGING 1.2, 5.4)."""

import warnings
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate

from cohort.formats.dicom_pixels import SYNTAXES, as_monochrome2, decode
from cohort.formats.errors import FormatError
from tests.cohort.formats.builders import make_film

FILES = Path(pydicom.__file__).parent / "data" / "test_files"

# name: (shape, sum of the stored values). Origin: pydicom 3.0.2 with gdcm 3.2.6, and for 12-bit JPEG imagecodecs,
# whose 3767007 agrees to 0.1 % with pylibjpeg's 3770427.
EXACT = {
    "CT_small.dcm": ((1, 128, 128), 14_826_310),
    "MR_small.dcm": ((1, 64, 64), 2_125_338),
    "MR_small_implicit.dcm": ((1, 64, 64), 2_125_338),
    "MR_small_bigendian.dcm": ((1, 64, 64), 2_125_338),
    "MR_small_padded.dcm": ((1, 64, 64), 2_125_338),
    "MR_small_RLE.dcm": ((1, 64, 64), 2_125_338),
    "MR_small_jp2klossless.dcm": ((1, 64, 64), 2_125_338),
    "MR_small_jpeg_ls_lossless.dcm": ((1, 64, 64), 2_125_338),
    "JPEGLSNearLossless_08.dcm": ((1, 45, 10), 25_000),
    "JPEGLSNearLossless_16.dcm": ((1, 50, 10), 6_007_250),
    "JPEG2000.dcm": ((1, 1024, 256), 3_527_976),
    "693_J2KI.dcm": ((1, 512, 512), -2_181_784),
    "J2K_pixelrep_mismatch.dcm": ((1, 512, 512), -172_605_258),
    "JPGExtended.dcm": ((1, 1024, 256), 3_767_007),
    "JPEG-lossy.dcm": ((1, 1024, 256), 3_767_007),
    "SC_rgb_jpeg_gdcm.dcm": ((1, 100, 100, 3), 3_831_000),
    "SC_rgb_rle_16bit.dcm": ((1, 100, 100, 3), 984_567_000),
    "SC_rgb_rle_2frame.dcm": ((2, 100, 100, 3), 7_650_000),
    "SC_rgb_jpeg_dcmtk.dcm": ((1, 100, 100, 3), 3_836_400),
    "examples_overlay.dcm": ((1, 300, 484), 27_833_052),
    "image_dfl.dcm": ((1, 512, 512), 33_322_688),
}


def read(name: str) -> pydicom.FileDataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(FILES / name)


@pytest.mark.parametrize("name", sorted(EXACT))
def test_each_encoding_decodes_to_the_very_values(name: str) -> None:
    values = decode(read(name))
    shape, total = EXACT[name]
    assert values.shape == shape
    assert int(values.astype(np.int64).sum()) == total


def test_ct_small_has_the_hounsfield_sum_that_the_browser_shows() -> None:
    source = read("CT_small.dcm")
    values = decode(source).astype(float) * float(source.RescaleSlope) + float(source.RescaleIntercept)
    assert values.sum() == -1_950_906  # IMAGING 1.2, measured in Cornerstone


def test_htj2k_is_decoded() -> None:
    made = make_film()
    pixels = made.pixel_array
    made.PixelData = encapsulate([imagecodecs.htj2k_encode(pixels)])
    made["PixelData"].VR = "OB"
    made.file_meta.TransferSyntaxUID = pydicom.uid.UID("1.2.840.10008.1.2.4.201")
    assert np.array_equal(decode(made)[0], pixels)


def test_a_syntax_nobody_reads_is_refused() -> None:
    made = make_film()
    made.file_meta.TransferSyntaxUID = pydicom.uid.UID("1.2.840.10008.1.2.4.100")
    assert str(made.file_meta.TransferSyntaxUID) not in SYNTAXES
    with pytest.raises(FormatError, match="the encoding of the pixels: found one that is not read"):
        decode(made)


def test_a_frame_larger_than_its_header_is_refused_before_it_is_decoded() -> None:
    made = make_film()
    made.PixelData = encapsulate([imagecodecs.jpegls_encode(np.zeros((3000, 3000), np.uint16))])
    made["PixelData"].VR = "OB"
    made.file_meta.TransferSyntaxUID = pydicom.uid.UID("1.2.840.10008.1.2.4.80")
    with pytest.raises(FormatError, match="found a frame of 3000 x 3000, wanted 60 x 48"):
        decode(made)


def test_a_stream_that_breaks_off_is_refused_before_it_is_decoded() -> None:
    made = make_film()
    made.PixelData = encapsulate([imagecodecs.jpegls_encode(made.pixel_array)[:120]])
    made["PixelData"].VR = "OB"
    made.file_meta.TransferSyntaxUID = pydicom.uid.UID("1.2.840.10008.1.2.4.80")
    with pytest.raises(FormatError, match="the pixels: found a JPEG-LS stream that breaks off"):
        decode(made)


def test_a_damaged_stream_is_refused_with_a_sentence() -> None:
    made = make_film()
    made.PixelData = encapsulate([imagecodecs.jpeg2k_encode(made.pixel_array, codecformat="j2k")[:150]])
    made["PixelData"].VR = "OB"
    made.file_meta.TransferSyntaxUID = pydicom.uid.UID("1.2.840.10008.1.2.4.90")
    with pytest.raises(FormatError, match="the pixels: found bytes the decoder cannot follow"):
        decode(made)


def test_white_on_black_becomes_black_on_white() -> None:
    made = make_film(np.array([[0, 1], [4094, 4095]], np.uint16), BitsStored=12, HighBit=11)
    made.PhotometricInterpretation = "MONOCHROME1"
    assert as_monochrome2(decode(made), made).tolist() == [[[4095, 4094], [1, 0]]]


def test_what_stands_above_the_stored_bits_is_dropped() -> None:
    made = make_film(np.array([[0xF123, 0x0FFF]], np.uint16), BitsStored=12, HighBit=11)
    assert decode(made).tolist() == [[[0x123, 0xFFF]]]


def test_a_colour_picture_is_no_scan_but_grey_in_three_colours_is() -> None:
    made = make_film()
    grey = np.repeat(np.arange(6, dtype=np.uint8).reshape(1, 2, 3, 1), 3, axis=3)
    assert as_monochrome2(grey, made).shape == (1, 2, 3)
    grey[0, 0, 0, 0] = 99
    with pytest.raises(FormatError, match="found colours, wanted grey values"):
        as_monochrome2(grey, made)
