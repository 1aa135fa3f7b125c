"""The page of a participant's measurements."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cohort.imaging.models import Series
from cohort.measurements.models import Picture
from cohort.measurements.services import record_measurements, record_pictures, record_remarks
from cohort.participants.models import Participant
from modelling.engine.features.catalogue import QUANTITIES, NotMeasured, Value
from portal.audit.models import Read
from portal.core.hashing import sha256_file
from portal.roles.actors import WORKER
from tests.cast import Cast, make_participant
from tests.cohort.measurements.builders import lay_series
from tests.cohort.pages import look_as, words
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"


@pytest.fixture
def ann(cast: Cast) -> Participant:
    participant = make_participant(cast)
    values = {"pqct": Value("pqct.ssi@33", 182.54), "dxa": Value("dxa.abmd_33", 0.6124)}
    for modality, value in values.items():
        series = lay_series(cast, participant, modality)
        record_measurements(actor=WORKER, series=series, version="1", values=[value])
    return participant


def page_of(participant: Participant) -> str:
    return f"/participants/{participant.code}/measurements/"


def test_the_nurse_reads_values_with_their_units(cast: Cast, ann: Participant):
    response = look_as(cast.nora).get(page_of(ann))
    shown = words(response)
    assert "Polar stress-strain index, 33 % radius | SSI_p | 182.5" in shown
    assert "aBMD, 33 % radius | aBMD 33 % | 0.612" in shown
    assert "SIMULATED" in shown
    assert Read.objects.filter(what="measurements", subject=ann.code).exists()


def test_the_principal_investigator_is_told_that_a_dxa_is_closed(cast: Cast, ann: Participant):
    shown = words(look_as(cast.paula).get(page_of(ann)))
    assert "Polar stress-strain index" in shown
    assert "aBMD" not in shown
    assert "0.612" not in shown
    assert "What a DXA gave is an outcome" in shown


def test_a_piece_comes_without_the_page_around_it(cast: Cast, ann: Participant):
    shown = words(look_as(cast.nora).get(page_of(ann), headers={"HX-Request": "true"}))
    assert "Polar stress-strain index" in shown
    assert "Participants" not in shown


def test_a_value_stands_beside_what_is_expected_of_it(cast: Cast, ann: Participant):
    series = lay_series(cast, ann, "pqct", attempt=2)
    record_measurements(actor=WORKER, series=series, version="1", values=[Value("pqct.ssi@33", 900.0)])
    shown = words(look_as(cast.nora).get(page_of(ann)))
    # The form's soft limits of `pq_ssi`.
    assert "120 to 500" in shown
    assert shown.count("outside of what is expected") == 1
    assert "no reference of healthy people" in shown


def test_what_is_odd_and_what_is_missing_is_said(cast: Cast, ann: Participant):
    series = Series.objects.get(participant=ann, modality="pqct")
    left_out = [
        NotMeasured(f"pqct.{name}@4", "no slice of this site is in the series") for name in ("bsi", "total_area")
    ]
    record_remarks(
        actor=WORKER, series=series, version="1", notes=["the larger bone lies elsewhere"], left_out=left_out
    )
    shown = words(look_as(cast.nora).get(page_of(ann)))
    assert "the larger bone lies elsewhere" in shown
    assert shown.count("no slice of this site is in the series") == 1
    assert "Bone strength index in compression, 4 % radius, Total area, 4 % radius: no slice" in shown


def lay_picture(participant: Participant, modality: str, tmp_path: Path) -> Picture:
    path = tmp_path / f"{modality}.png"
    Image.new("RGB", (8, 8), "#102030").save(path)
    series = Series.objects.get(participant=participant, modality=modality)
    kept = {"segmentation": (path, sha256_file(path))}
    record_pictures(actor=WORKER, series=series, version="1", pictures=kept)
    return Picture.objects.get(series=series)


def test_a_picture_shows_where_it_was_measured(cast: Cast, ann: Participant, tmp_path: Path):
    picture = lay_picture(ann, "pqct", tmp_path)
    address = f"/measurements/pictures/{picture.pk}.png"
    page = look_as(cast.nora).get(page_of(ann)).content.decode()
    assert address in page
    assert "Blue: outline of the radius" in page
    response = look_as(cast.nora).get(address)
    assert b"".join(response.streaming_content) == (tmp_path / "pqct.png").read_bytes()
    assert (response["Content-Type"], response["ETag"]) == ("image/png", f'"{picture.sha256}"')
    assert look_as(cast.nora).get(address, headers={"If-None-Match": f'"{picture.sha256}"'}).status_code == 304
    assert Read.objects.filter(what="series", subject=str(picture.series_id)).exists()


def test_a_picture_is_for_those_who_see_the_measurements(cast: Cast, ann: Participant, tmp_path: Path):
    film, dxa = (lay_picture(ann, modality, tmp_path) for modality in ("pqct", "dxa"))
    answers = {
        who: [
            look_as(getattr(cast, who)).get(f"/measurements/pictures/{one.pk}.png").status_code for one in (film, dxa)
        ]
        for who in ("nora", "paula", "nell", "ana")
    }
    assert answers == {"nora": [200, 200], "paula": [200, 404], "nell": [404, 404], "ana": [403, 403]}
    shown = look_as(cast.paula).get(page_of(ann)).content.decode()
    assert str(film.pk) in shown
    assert str(dxa.pk) not in shown


def test_a_follow_up_is_drawn_with_the_least_significant_change(cast: Cast, ann: Participant):
    later = lay_series(cast, ann, "dxa", visit=ann.visits.get(code="FU12"))
    record_measurements(actor=WORKER, series=later, version="1", values=[Value("dxa.abmd_33", 0.590)])
    shown = words(look_as(cast.nora).get(page_of(ann)))
    # 2.77 x 0.55 % of 0.612 is 0.009; by hand 0.590 - 0.6124 = -0.0224, 3.7 %.
    assert "-0.022 (-3.7 %)" in shown
    assert "greater than measurement error" in shown
    assert "the least significant change, 0.009" in shown
    assert "From visit to visit" not in words(look_as(cast.paula).get(page_of(ann)))


def test_values_are_given_as_a_marked_table_with_their_definitions(cast: Cast, ann: Participant):
    lines = look_as(cast.nora).get(f"/participants/{ann.code}/measurements.csv").content.decode().splitlines()
    assert lines[0] == "# SIMULATED"
    assert len(lines) == 4
    assert "pqct.ssi@33,SSI_p,182.54,mm3,1," in lines[3]
    assert all("SIMULATED" in line for line in lines[2:])
    assert len(look_as(cast.paula).get(f"/participants/{ann.code}/measurements.csv").content.decode().splitlines()) == 3


def test_the_catalogue_says_what_every_quantity_is(cast: Cast):
    shown = words(look_as(cast.ana).get("/measurements/"))
    for one in QUANTITIES.values():
        assert one.title in shown
        assert one.definition in shown


def test_another_sites_nurse_finds_nobody(cast: Cast, ann: Participant):
    assert look_as(cast.nell).get(page_of(ann)).status_code == 404


def test_an_analyst_is_refused(cast: Cast, ann: Participant):
    assert look_as(cast.ana).get(page_of(ann)).status_code == 403
