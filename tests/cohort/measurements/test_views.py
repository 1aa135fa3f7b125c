"""The page of a participant's measurements."""

import pytest

from cohort.measurements.services import record_measurements
from cohort.participants.models import Participant
from modelling.engine.features.catalogue import Value
from portal.audit.models import Read
from portal.roles.actors import WORKER
from tests.cast import Cast, make_participant
from tests.cohort.measurements.builders import lay_series
from tests.cohort.pages import look_as, words
from tests.database import rolls_back

pytestmark = rolls_back


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
    assert "Polar stress-strain index, 33 % radius | 182.5" in shown
    assert "aBMD, 33 % radius | 0.612" in shown
    assert "SIMULATED" in shown
    assert Read.objects.filter(what="measurements", subject=ann.code).exists()


def test_the_principal_investigator_is_told_that_a_dxa_is_closed(cast: Cast, ann: Participant):
    shown = words(look_as(cast.paula).get(page_of(ann)))
    assert "Polar stress-strain index" in shown
    assert "aBMD" not in shown
    assert "0.612" not in shown
    assert "What a DXA gave is an outcome" in shown


def test_a_piece_is_the_table_alone(cast: Cast, ann: Participant):
    shown = words(look_as(cast.nora).get(page_of(ann), headers={"HX-Request": "true"}))
    assert shown.startswith("Measurements")
    assert "Participants" not in shown


def test_another_sites_nurse_finds_nobody(cast: Cast, ann: Participant):
    assert look_as(cast.nell).get(page_of(ann)).status_code == 404


def test_an_analyst_is_refused(cast: Cast, ann: Participant):
    assert look_as(cast.ana).get(page_of(ann)).status_code == 403
