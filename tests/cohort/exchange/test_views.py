"""The page by which a public table comes in."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cohort.exchange.access import shipped_sha256
from cohort.exchange.models import TableImport
from cohort.participants.models import Participant
from cohort.study.models import Study
from portal.core.storage import put_bytes
from portal.sites.models import Site
from tests.cast import Cast
from tests.cohort.exchange.tables import change, make_public_study, read_shipped
from tests.cohort.pages import look_as, read, words

pytestmark = pytest.mark.usefixtures("fresh_database", "home")


@pytest.fixture
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    return tmp_path


@pytest.fixture
def public(cast: Cast) -> tuple[Study, Site]:
    return make_public_study(cast)


def page_of(study: Study, step: str = "") -> str:
    return reverse(f"study-import{step}", args=[study.code])


def test_the_page_of_a_public_study_leads_to_the_import_for_who_may(cast: Cast, public: tuple[Study, Site]) -> None:
    study = public[0]
    page = reverse("study", args=[study.code])
    assert page_of(study) in read(look_as(cast.paula).get(page))
    assert page_of(study) not in read(look_as(cast.ana).get(page))
    own = reverse("study", args=[cast.study.code])
    assert "Import its table" not in read(look_as(cast.paula).get(own)), "people of this study are enrolled"


def test_the_shipped_table_is_shown_before_anything_is_written(cast: Cast, public: tuple[Study, Site]) -> None:
    page = words(look_as(cast.paula).get(page_of(public[0])))
    assert "8802 people, 0 problems" in page
    assert "in the public domain in the United States" in page
    assert "Ever told of a broken or fractured wrist" in page
    assert "SIMULATED" not in page
    assert not Participant.objects.filter(study=public[0]).exists()


def test_outcome_cells_are_not_shown(cast: Cast, public: tuple[Study, Site]) -> None:
    page = words(look_as(cast.paula).get(page_of(public[0])))
    first_rows = page.partition("First rows, as they will be kept")[2].partition("Another file")[0]
    assert "BMXWT" in first_rows
    assert "OSQ010B" not in first_rows


def test_a_problem_of_an_own_file_is_shown_by_row_and_column(cast: Cast, public: tuple[Study, Site]) -> None:
    file = SimpleUploadedFile("mine.csv", change(read_shipped(3), 1, BMXWT="heavy"))
    response = look_as(cast.dan).post(page_of(public[0], "-look"), {"file": file})
    assert response.status_code == 422
    page = words(response)
    assert "line 3 | BMXWT | heavy | a number" in page
    assert "Import all of it" not in page


def test_what_was_looked_at_is_what_comes_in(cast: Cast, public: tuple[Study, Site]) -> None:
    study, site = public
    browser = look_as(cast.dan)
    content = read_shipped(12)
    page = words(browser.post(page_of(study, "-look"), {"file": SimpleUploadedFile("mine.csv", content)}))
    assert "12 people, 0 problems" in page
    sha256 = put_bytes(content)
    response = browser.post(page_of(study, "-take"), {"site": site.pk, "sha256": sha256}, follow=True)
    assert "12 people are taken in." in words(response)
    assert TableImport.objects.get().file_sha256 == sha256


def test_a_file_that_is_not_here_is_asked_for_again(cast: Cast, public: tuple[Study, Site]) -> None:
    study, site = public
    response = look_as(cast.paula).post(page_of(study, "-take"), {"site": site.pk, "sha256": "ab" * 32})
    assert response.status_code == 422
    assert "The file is not here any more" in words(response)


def test_a_study_with_consent_says_why_it_takes_no_table(cast: Cast) -> None:
    page = words(look_as(cast.paula).get(page_of(cast.study)))
    assert "'wrist' is no study of a public-use data set" in page
    assert "Import all of it" not in page
    response = look_as(cast.paula).post(
        page_of(cast.study, "-take"), {"site": cast.exeter.pk, "sha256": shipped_sha256()}
    )
    assert response.status_code == 422


@pytest.mark.parametrize("name", ["ana", "nora", "carl", "mona", "adam"])
def test_others_do_not_get_to_the_page(cast: Cast, public: tuple[Study, Site], name: str) -> None:
    browser = look_as(getattr(cast, name))
    expected = {403, 404}
    assert browser.get(page_of(public[0])).status_code in expected
    assert browser.post(page_of(public[0], "-take"), {"site": 1, "sha256": shipped_sha256()}).status_code in expected
