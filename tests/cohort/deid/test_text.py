"""Letters burned into a picture: names are found, bones and markers are not taken for them."""

import json

import numpy as np
import pydicom
import pytest
from PIL import Image

from cohort.deid.text import WEIGHTS, find_text
from cohort.formats.dicom_pixels import as_monochrome2, decode
from cohort.imaging.reference_images import FOLDER
from tests.cohort.deid.films import make_arm, write_on
from tests.cohort.formats.builders import data_file

PADDING = 25
"""Pixels that the public example's own tool laid around the picture before it wrote its boxes down."""


@pytest.mark.parametrize("name", ["wrist-1", "wrist-3", "hand-1", "hand-3"])
def test_nothing_of_a_real_radiograph_is_taken_for_a_name(name: str) -> None:
    assert find_text(np.asarray(Image.open(FOLDER / f"{name}.png").convert("L"))) == []


@pytest.mark.parametrize("words", ["MUSTERFRAU ERIKA", "SMITH^JOHN 12.03.1950", "NHS 943 476 5919", "JONES"])
@pytest.mark.parametrize("size", [12, 24])
def test_a_name_in_a_radiograph_is_found_where_it_stands(words: str, size: int) -> None:
    wrist = np.asarray(Image.open(FOLDER / "wrist-1.png").convert("L"))
    [found] = find_text(write_on(wrist, words, (60, 420), size, grey=235))
    assert abs(found.x - 60) < size
    assert abs(found.y - 420) < size
    assert found.width > 0.8 * 0.5 * size * len(words)


def test_a_name_that_stands_upright_is_found() -> None:
    turned = write_on(make_arm(480, 640), "MUSTERFRAU ERIKA", (40, 60), 18).T
    [found] = find_text(turned)
    assert found.height > 3 * found.width


@pytest.mark.parametrize("text", ["R", "L", "GA", "cm"])
def test_a_marker_initials_and_a_rulers_unit_stay(text: str) -> None:
    assert find_text(write_on(make_arm(), text, (30, 60), 40, "DejaVuSans-Bold")) == []


def test_the_known_letters_of_a_public_example_are_all_found() -> None:
    path = data_file("deid/presidio_2_ORIGINAL.dcm")
    dataset = pydicom.dcmread(path)
    found = find_text(as_monochrome2(decode(dataset), dataset)[0])
    truth = json.loads(next(path.parent.glob("*.json")).read_text())["presidio_2_ORIGINAL.dcm"]
    assert len(truth) == 5
    for one in truth:
        x = one["left"] + one["width"] / 2 - PADDING
        y = one["top"] + one["height"] / 2 - PADDING
        assert any(a.x <= x <= a.x + a.width and a.y - 3 <= y <= a.y + a.height + 3 for a in found), one["label"]


def test_the_network_has_its_notice_beside_it() -> None:
    notice = (WEIGHTS.parent / "NOTICE").read_text("utf-8")
    assert WEIGHTS.name in notice
    assert "Apache License, Version 2.0" in notice
