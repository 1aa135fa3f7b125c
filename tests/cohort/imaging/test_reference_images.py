"""The gallery: real images, each with its notice, and no mark of simulation on any of them."""

from io import BytesIO
from typing import Any

import numpy as np
import pydicom
import pytest
from django.core.management import call_command
from django.urls import reverse
from PIL import Image

from cohort.imaging.models import ReferenceImage
from cohort.imaging.reference_images import FOLDER, add_reference_image, list_catalogue
from portal.core.errors import NotAllowed
from portal.core.storage import path_of
from portal.roles.actors import SETUP
from tests.cast import Cast
from tests.cohort.pages import look_as, read, words
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture
def gallery(capsys: Any) -> None:
    call_command("reference_images")


def test_every_image_of_the_project_is_shown_with_its_source_and_licence(cast: Cast, gallery: None):
    page = words(look_as(cast.ana).get(reverse("reference-images")))
    assert len(list_catalogue()) == 6
    for entry in list_catalogue():
        assert entry["title"] in page
        assert entry["source"] in page
        assert entry["notice"] in page


def test_nothing_of_it_is_marked_as_simulated(cast: Cast, gallery: None):
    browser = look_as(cast.nora)
    assert "SIMULATED" in read(browser.get(reverse("participants")))
    assert "SIMULATED" not in read(browser.get(reverse("reference-images")))
    for one in ReferenceImage.objects.exclude(file_sha256=""):
        assert b"SIM" not in path_of(one.file_sha256).read_bytes()[:2000]


def test_a_radiograph_is_a_dicom_of_the_same_pixels_and_the_rulers_size(gallery: None):
    one = ReferenceImage.objects.get(slug="adult-wrist-pa")
    ds = pydicom.dcmread(BytesIO(path_of(one.file_sha256).read_bytes()))
    with Image.open(FOLDER / "wrist-1.png") as picture:
        np.testing.assert_array_equal(ds.pixel_array, np.asarray(picture))
    assert list(ds.PixelSpacing) == [0.148, 0.148]
    assert (ds.PatientID, ds.PatientName, ds.PatientIdentityRemoved) == ("REFERENCE", "", "YES")


def test_a_file_without_calibration_is_shown_in_the_devices_own_numbers(gallery: None):
    assert ["Values", "-86 to 919, native"] in ReferenceImage.objects.get(slug="stratec-phantom").facts


def test_filling_it_again_changes_nothing(gallery: None, capsys: Any):
    before = list(ReferenceImage.objects.values_list("slug", "file_sha256", "thumbnail_sha256"))
    call_command("reference_images")
    assert list(ReferenceImage.objects.values_list("slug", "file_sha256", "thumbnail_sha256")) == before


def test_pictures_are_served_to_whoever_works_on_a_study(cast: Cast, gallery: None):
    browser = look_as(cast.ana)
    answer = browser.get(reverse("reference-file", args=["adult-wrist-pa", "thumbnail.png"]))
    assert answer["Content-Type"] == "image/png"
    assert b"".join(answer.streaming_content)[:4] == b"\x89PNG"
    assert browser.get(reverse("reference-file", args=["adult-wrist-pa", "image.dcm"])).status_code == 200
    assert browser.get(reverse("reference-file", args=["stratec-phantom", "image.dcm"])).status_code == 404
    assert browser.get(reverse("reference-file", args=["nothing", "image.dcm"])).status_code == 404


def test_the_viewer_is_told_where_a_radiograph_is_and_how_large_a_pixel(cast: Cast, gallery: None):
    browser = look_as(cast.nora)
    told = browser.get(reverse("reference-files", args=["adult-wrist-pa"])).json()
    assert told["frames"] == [reverse("reference-file", args=["adult-wrist-pa", "image.dcm"])]
    assert (told["spacing"], told["spacing_is"], told["origin"]) == ([1.0, 0.148, 0.148], "patient", "")
    unmeasured = browser.get(reverse("reference-files", args=["adult-hand-pa"])).json()
    assert (unmeasured["spacing"], unmeasured["spacing_is"]) == ([1.0, 1.0, 1.0], "none")
    page = browser.get(reverse("reference-image", args=["adult-wrist-pa"]))
    assert f'data-files="{reverse("reference-files", args=["adult-wrist-pa"])}"' in page.content.decode()
    assert "SIMULATED" not in read(page)


def test_a_file_that_is_not_dicom_says_so_beside_its_picture(cast: Cast, gallery: None):
    browser = look_as(cast.nora)
    page = browser.get(reverse("reference-image", args=["stratec-phantom"]))
    assert "This file is not DICOM (pQCT of a phantom), and the viewer opens DICOM only" in words(page)
    assert "data-viewer" not in page.content.decode()
    assert "Not a DICOM file" in words(browser.get(reverse("reference-images")))
    assert browser.get(reverse("reference-files", args=["stratec-phantom"])).status_code == 404
    assert browser.get(reverse("reference-image", args=["nothing"])).status_code == 404


def test_the_phantoms_header_names_nobody():
    assert b"TIMO" not in (FOLDER / "stratec-phantom.m01").read_bytes()


def test_only_a_data_manager_or_pi_adds_one(cast: Cast):
    entry = list_catalogue()[0]
    with pytest.raises(NotAllowed):
        add_reference_image(actor=cast.nora, entry=entry)
    assert add_reference_image(actor=SETUP, entry=entry).slug == entry["slug"]
