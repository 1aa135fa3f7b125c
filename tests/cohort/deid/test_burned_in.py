"""Pictures with text in them: refused by what they say, or cut to the scan."""

import pytest
from pydicom import FileDataset

from cohort.deid.burned_in import find_scan
from cohort.formats.dicom_facts import read_facts
from cohort.formats.errors import FormatError
from tests.cohort.formats.builders import make_dxa, make_film


def page(place: str | None = None) -> FileDataset:
    """Return a captured DXA page; place: what the maker's private text says of the scan."""
    made = make_dxa()
    del made.RescaleType
    if place is not None:
        made.private_block(0x0021, "HOLOGIC", create=True).add_new(0x01, "LT", place)
    return made


def scan_of(made: FileDataset) -> tuple[int, int, int, int] | None:
    return find_scan(made, read_facts(made))


def test_a_radiograph_and_a_measured_scan_are_kept_whole() -> None:
    assert scan_of(make_film()) is None
    assert scan_of(make_dxa()) is None


def test_a_picture_that_says_it_has_text_is_refused() -> None:
    with pytest.raises(FormatError, match="the picture: found a picture that says it has text burned in"):
        scan_of(make_film(BurnedInAnnotation="YES"))


def test_a_captured_page_is_refused_where_the_scan_is_not_known() -> None:
    with pytest.raises(FormatError, match="which may show the patient's name"):
        scan_of(page())


def test_a_captured_page_is_cut_to_the_scan_its_maker_names() -> None:
    told = 'PatientName = "X"\r\nImageXPos = "4"\r\nImageYPos = "6"\r\nImageXSize = "20"\r\nImageYSize = "30"\r\n'
    assert scan_of(page(told)) == (6, 4, 30, 20)


def test_a_rectangle_outside_the_picture_is_refused() -> None:
    told = "ImageXPos=4 ImageYPos=6 ImageXSize=2000 ImageYSize=30"
    with pytest.raises(FormatError, match="found outside the picture"):
        scan_of(page(told))


def test_another_makers_text_is_not_believed() -> None:
    made = page()
    made.private_block(0x0021, "SOMEBODY", create=True).add_new(
        0x01, "LT", "ImageXPos=4 ImageYPos=6 ImageXSize=20 ImageYSize=30"
    )
    with pytest.raises(FormatError, match="a captured page"):
        scan_of(made)
