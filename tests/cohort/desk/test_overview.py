"""The participant on one screen: the side, the images side by side, what is missing, the way so far."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.enrolment.services import enrol_participant
from cohort.imaging.models import Series
from cohort.imaging.quality import set_quality
from cohort.participants.models import Participant
from cohort.quality.services import raise_query
from portal.roles.actors import Actor
from tests.cast import Cast, act_as, days_ago, make_identity, make_participant, make_screening, make_signing
from tests.cohort.crf.builders import DEM, begin, complete
from tests.cohort.crf.test_waiting import make_late
from tests.cohort.imaging.builders import bring, make_dxa, make_film, make_slices
from tests.cohort.pages import look_as, read, words
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


def show(actor: Actor, participant: Participant, **query: str) -> Any:
    return look_as(actor).get(reverse("participant", args=[participant.code]), query)


def test_before_the_first_image_there_is_no_side_and_no_viewer(cast: Cast, ann: Participant):
    page = read(show(cast.nora, ann))
    assert "data-viewer" not in page
    assert "side-word" not in page


def test_the_three_images_stand_side_by_side_under_the_side_all_agree_on(cast: Cast, ann: Participant):
    for modality, contents in {
        "pqct": make_slices(ann.code),
        "dxa": [make_dxa(ann.code)],
        "film": [make_film(ann.code)],
    }.items():
        bring(cast, ann, *contents, modality=modality)
    response = show(cast.nora, ann)
    page = read(response)
    assert "LEFT forearm: agreed by form, header" in words(response)
    places = [page.index(reverse("series-files", args=[of_kind(kind).pk])) for kind in ("film", "dxa", "pqct")]
    assert places == sorted(places)
    assert "Not there" not in page


def of_kind(modality: str) -> Series:
    return Series.objects.get(modality=modality)


def test_a_missing_modality_is_named_and_leads_to_where_it_is_brought(cast: Cast, ann: Participant):
    bring(cast, ann, make_film(ann.code))
    response = show(cast.nora, ann)
    assert "Not there: DXA, pQCT." in words(response)
    imaging = reverse("imaging", args=[ann.code])
    assert f'<a href="{imaging}">Baseline imaging: no pQCT yet</a>' in read(response)
    assert "no Radiograph yet" not in read(response)


def test_a_conflict_of_sides_is_a_red_stop(cast: Cast, ann: Participant):
    bring(cast, ann, make_film(ann.code, side="R"))
    page = read(show(cast.nora, ann))
    assert 'class="stop" role="alert"' in page
    assert "STOP: a Radiograph names the other side than the form" in page


def test_an_image_of_the_forearm_to_avoid_is_said_in_words(cast: Cast):
    bea = enrol_participant(
        actor=cast.nora,
        screening=make_screening(cast, scr_avf="1"),
        identity=make_identity("Bea"),
        signing=make_signing(cast),
    )
    assert "was imaged, and screening says to avoid it" not in read(show(cast.nora, bea))
    bring(cast, bea, make_film(bea.code))
    assert "The left forearm was imaged, and screening says to avoid it" in read(show(cast.nora, bea))


def test_only_the_last_attempt_is_shown(cast: Cast, ann: Participant):
    bring(cast, ann, *make_slices(ann.code), modality="pqct")
    first = Series.objects.get()
    set_quality(actor=cast.nora, series=first, motion_grade=5)
    assert f'{reverse("series", args=[first.pk])}">Repeat asked' in read(show(cast.nora, ann))
    bring(cast, ann, *make_slices(ann.code, seed=7), modality="pqct")
    page = read(show(cast.nora, ann))
    assert reverse("series-files", args=[first.pk]) not in page
    assert page.count("data-files=") == 1


def test_forms_that_are_not_complete_are_links(cast: Cast, ann: Participant):
    visit = begin(cast, ann)
    page = read(show(cast.nora, ann))
    link = reverse("record", args=[ann.code, "BL", "dem", 1])
    assert f'<a href="{link}">' in page
    complete(cast.nora, visit, "dem", DEM)
    assert f'<a href="{link}">' not in read(show(cast.nora, ann))


def test_an_open_query_is_a_link_and_a_step(cast: Cast, ann: Participant):
    visit = begin(cast, ann)
    complete(cast.nora, visit, "dem", DEM)
    query = raise_query(actor=cast.dan, visit=visit, form="dem", variable="educ", text="Is this right?")
    page = read(show(cast.nora, ann))
    assert f'<a href="{reverse("query", args=[query.pk])}">Query: ' in page
    assert "Query open: " in page


def test_the_way_leads_from_consent_over_what_is_due_to_what_is_to_come(cast: Cast, ann: Participant):
    bring(cast, ann, make_film(ann.code))
    text = words(show(cast.nora, ann))
    way = text[text.index("The way through the study") : text.index("In the study")]
    order = [
        "Consent signed, form 1.0",
        "Images: Radiograph left",
        "Follow-up at 6 months (still to come)",
        "End of study",
    ]
    places = [way.index(one) for one in order]
    assert places == sorted(places)
    withdraw_consent(actor=cast.nora, participant=ann, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0))
    assert "Withdrawn: No more visits" in words(show(cast.nora, ann))


def test_a_visit_whose_window_is_over_is_overdue_now(cast: Cast, ann: Participant):
    visit = ann.visits.get(code="FU06")
    assert "Follow-up at 6 months: overdue" not in words(show(cast.nora, ann))
    make_late(cast, ann, "FU06", 365)
    text = words(show(cast.nora, ann))
    assert "Follow-up at 6 months: overdue (now)" in text
    assert f'{reverse("visit", args=[ann.code, visit.code])}">' in read(show(cast.nora, ann))


def test_measurements_come_when_somebody_looks_and_by_a_link_without_script(cast: Cast, ann: Participant):
    page = read(show(cast.nora, ann))
    address = reverse("measurements-for", args=[ann.code])
    assert f'hx-get="{address}"' in page
    assert f'<a href="{address}">Show measurements</a>' in page


def test_who_may_not_see_images_gets_the_page_without_them(cast: Cast, ann: Participant):
    bring(cast, ann, make_film(ann.code))
    assert "data-viewer" in read(show(cast.nora, ann))
    response = show(act_as("Asa Assessor", "assessor", site=cast.exeter), ann)
    assert response.status_code == 200
    assert "data-viewer" not in read(response)
    assert reverse("imaging", args=[ann.code]) not in read(response)


def test_images_of_another_visit_are_a_step_away_and_never_mixed_in(cast: Cast, ann: Participant):
    bring(cast, ann, make_film(ann.code))
    bring(cast, ann, make_dxa(ann.code), modality="dxa", visit=ann.visits.get(code="FU24"))
    page = read(show(cast.nora, ann))
    assert reverse("series-files", args=[of_kind("dxa").pk]) in page
    assert reverse("series-files", args=[of_kind("film").pk]) not in page
    assert 'visit=BLI#images-title">Baseline imaging</a>' in page
    page = read(show(cast.nora, ann, visit="BLI"))
    assert reverse("series-files", args=[of_kind("film").pk]) in page
    assert reverse("series-files", args=[of_kind("dxa").pk]) not in page
