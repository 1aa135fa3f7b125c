"""Pages of visits and forms: what is shown to whom, and what is taken."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cohort.crf.models import OutcomeRecord, Record
from cohort.crf.services import begin_visit
from cohort.enrolment.services import enrol_participant
from cohort.participants.models import Visit
from cohort.study.schedule import BY_CODE
from portal.audit.models import Act, Read
from portal.roles.models import Role
from tests.cast import Cast, act_as, days_ago, make_identity, make_participant, make_screening, make_signing
from tests.cohort.crf.builders import FAL, FXH, begin, complete, enter
from tests.cohort.pages import look_as, read, words, written
from tests.database import rolls_back

pytestmark = rolls_back


def place(name: str, visit: Visit, *rest: Any) -> str:
    return reverse(name, args=[visit.participant.code, visit.code, *rest])


def send(client: Client, visit: Visit, form: str, version: int = 0, **typed: Any) -> Any:
    """Send some questions as the page's script does."""
    body = {"version": version, "asked": [name for name in typed if "__" not in name], **typed}
    return client.post(place("record-save", visit, form, 1), body)


def test_the_list_of_visits_tells_how_each_stands(cast: Cast):
    ann = make_participant(cast)
    page = words(look_as(cast.nora).get(reverse("visits", args=[ann.code])))
    assert "Baseline BL |" in page
    assert "due" in page
    assert "SIMULATED" in page


def test_a_visit_begins_on_its_page(cast: Cast):
    visit = make_participant(cast).visits.get(code="BL")
    nora = look_as(cast.nora)
    assert "Begin the visit" in words(nora.get(place("visit", visit)))
    response = nora.post(place("visit-begin", visit), {"happened_on": written(days_ago(0)), "is_inpatient": "0"})
    assert response["Location"] == place("visit", visit)
    page = words(nora.get(place("visit", visit)))
    assert "0 of 11 forms complete." in page
    assert "Past fractures | | not begun | | Begin |" in page


def test_a_visit_that_cannot_begin_says_why_on_its_form(cast: Cast):
    visit = make_participant(cast).visits.get(code="BL")
    response = look_as(cast.nora).post(place("visit-begin", visit), {"happened_on": written(days_ago(3))})
    assert response.status_code == 422
    assert "no consent was signed" in words(response)


def test_a_missed_visit_is_recorded_with_its_reason(cast: Cast):
    visit = make_participant(cast).visits.get(code="BL")
    nora = look_as(cast.nora)
    assert nora.post(place("visit-miss", visit), {"why": ""}).status_code == 422
    assert nora.post(place("visit-miss", visit), {"why": "was ill"}).status_code == 302
    assert "missed was ill" in words(nora.get(reverse("visits", args=[visit.participant.code])))


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("nell", 404), ("paula", 200), ("ana", 403), ("adam", 403)])
def test_who_sees_a_visit_and_its_forms(cast: Cast, who: str, status: int):
    visit = begin(cast)
    client = look_as(getattr(cast, who))
    assert client.get(reverse("visits", args=[visit.participant.code])).status_code == status
    assert client.get(place("visit", visit)).status_code == status
    assert client.get(place("record", visit, "fal", 1)).status_code == status


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("mona", 200), ("dan", 200), ("paula", 404), ("nell", 404), ("ana", 403)]
)
def test_who_sees_an_outcome_form(cast: Cast, who: str, status: int):
    visit = begin(cast)
    client = look_as(getattr(cast, who))
    assert client.get(place("record", visit, "fxh", 1)).status_code == status
    assert ("Past fractures" in words(client.get(place("visit", visit)))) == (status == 200)


def test_an_unknown_form_row_or_visit_is_not_there(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    for form, number in (("lbl", 1), ("con", 1), ("eos", 1), ("xyz", 1), ("fxh", 7), ("dem", 2)):
        assert nora.get(place("record", visit, form, number)).status_code == 404, form
    assert nora.get(reverse("visit", args=[visit.participant.code, "FU99"])).status_code == 404


def test_a_radiographer_sees_scans_and_no_past_fractures(cast: Cast):
    visit = begin(cast)
    rob = look_as(act_as("Rob Radiographer", "radiographer", site=cast.exeter))
    assert rob.get(place("record", visit, "fxh", 1)).status_code == 404
    assert "Past fractures" not in words(rob.get(place("visit", visit)))
    imaging = begin(cast, visit.participant, "BLI")
    assert "Complete this form" in words(rob.get(place("record", imaging, "dxa", 1)))


def test_every_form_of_every_visit_can_be_opened(cast: Cast):
    ann = make_participant(cast)
    nora = look_as(cast.nora)
    n_pages = 0
    for code in ("BL", "BLI", "FU06", "EOS"):
        visit = begin(cast, ann, code)
        for form in set(dict.fromkeys(_codes_of(code))):
            response = nora.get(place("record", visit, form, 1))
            assert response.status_code == 200, form
            n_pages += 1
    assert n_pages > 25


def _codes_of(code: str) -> tuple[str, ...]:
    return (*BY_CODE[code].forms, *BY_CODE[code].when_needed)


def test_an_answer_saves_itself_and_tells_what_follows(cast: Cast):
    visit = begin(cast)
    response = send(look_as(cast.nora), visit, "ant", ht1="160.1", ht2="160,9", weight_kg="11 st 4 lb")
    answer = json.loads(response.content)
    assert (answer["version"], answer["refused"]) == (1, {})
    assert answer["told"]["height_cm"] == "160.5"
    assert answer["shown"]["weight_kg"] == "71.7"
    assert "ht3" not in answer["hidden"]
    assert "arm_span" in answer["hidden"]


def test_the_saved_answer_is_there_when_the_form_is_opened_again(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    send(nora, visit, "ant", ht1="160.1")
    page = read(nora.get(place("record", visit, "ant", 1)))
    assert 'name="ht1" id="ht1" value="160.1"' in page
    assert 'name="version" value="1"' in page


def test_a_hard_range_is_refused_beside_its_question(cast: Cast):
    visit = begin(cast)
    answer = json.loads(send(look_as(cast.nora), visit, "ant", ht1="16", weight_kg="62").content)
    assert answer["refused"] == {"ht1": "16.0 is not from 120 to 220."}
    assert Record.objects.get().answers == {"weight_kg": 62.0}


def test_a_soft_range_warns_and_saves(cast: Cast):
    visit = begin(cast)
    answer = json.loads(send(look_as(cast.nora), visit, "ant", weight_kg="160").content)
    assert answer["warnings"]["weight_kg"] == ["Unusual: 160.0 is not from 40 to 130."]
    assert Record.objects.get().answers["weight_kg"] == 160.0


def test_a_stale_save_shows_both_answers_and_takes_none(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    send(nora, visit, "fal", fal_12m="1")
    send(nora, visit, "fal", version=1, fal_12m="2")
    response = send(nora, visit, "fal", version=1, fal_12m="3", fal_aid="1")
    assert response.status_code == 409
    answer = json.loads(response.content)
    assert (answer["theirs"], answer["version"]) == ({"fal_12m": "2"}, 2)
    assert Record.objects.get().answers == {"fal_12m": 2}


def test_of_an_outcome_a_stale_save_shows_nothing(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    send(nora, visit, "fxh", fxh_any="1", fxh_site="toe")
    send(nora, visit, "fxh", version=1, fxh_site="rib")
    response = send(nora, visit, "fxh", version=1, fxh_site="skull")
    assert response.status_code == 409
    assert json.loads(response.content)["theirs"] == {"fxh_site": None}


def whole(visit: Visit, version: int, form: str = "fal", **typed: Any) -> dict[str, Any]:
    """Return a whole form as a browser without script sends it."""
    return {"version": version, "asked": list(typed), "then": "stay", **typed}


def test_without_script_the_whole_form_is_sent_and_wrong_answers_come_back(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    response = nora.post(place("record", visit, "fal", 1), whole(visit, 0, **{**FAL, "fal_12m": "many"}))
    assert response.status_code == 422
    page = read(response)
    assert 'value="many"' in page
    assert "is not a number." in page
    assert Record.objects.get().answers["fal_aid"] == "0"
    assert nora.post(place("record", visit, "fal", 1), whole(visit, 1, **FAL)).status_code == 302
    assert Record.objects.get().answers["fal_12m"] == 2


def test_without_script_a_stale_form_comes_back_with_both_answers(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    nora.post(place("record", visit, "fal", 1), whole(visit, 0, **FAL))
    response = nora.post(place("record", visit, "fal", 1), whole(visit, 0, **{**FAL, "fal_12m": "5"}))
    assert response.status_code == 409
    page = read(response)
    assert "answered this meanwhile: 2." in page
    assert 'name="fal_12m" id="fal_12m" value="5"' in page


def test_a_wrong_outcome_is_never_shown_again(cast: Cast):
    visit = begin(cast)
    typed = {**FXH, "fxh_age": "7777"}
    response = look_as(cast.nora).post(place("record", visit, "fxh", 1), whole(visit, 0, **typed))
    assert response.status_code == 422
    assert 'value="7777"' not in read(response)
    assert "no-store" in response["Cache-Control"]
    assert 'autocomplete="off"' in read(response)


def test_a_question_the_form_does_not_have_is_refused(cast: Cast):
    visit = begin(cast)
    for name in ("dob", "bmi", "sex", "other"):
        response = look_as(cast.nora).post(
            place("record-save", visit, "dem", 1), {"version": 0, "asked": [name], name: "1"}
        )
        assert response.status_code == 422, name


def test_a_form_sent_without_its_version_is_refused(cast: Cast):
    visit = begin(cast)
    response = look_as(cast.nora).post(place("record-save", visit, "fal", 1), {"asked": ["fal_12m"], "fal_12m": "1"})
    assert response.status_code == 409


def test_completing_shows_what_is_left_as_links(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    send(nora, visit, "fal", fal_12m="0")
    response = nora.post(place("record-complete", visit, "fal", 1), follow=True)
    assert "Not complete yet: 4 left" in words(response)
    assert '<a href="#q-fal_aid">Walking aid' in read(response)


def test_a_complete_form_is_read_and_another_row_offered(cast: Cast):
    visit = begin(cast)
    complete(cast.nora, visit, "fxh", FXH)
    nora = look_as(cast.nora)
    page = words(nora.get(place("record", visit, "fxh", 1)))
    assert "Fragility by rule | yes |" in page
    response = nora.get(place("record-add", visit, "fxh"))
    assert response["Location"] == place("record", visit, "fxh", 2)
    assert "Past fractures 2" in words(nora.get(response["Location"]))


def test_none_to_record_is_offered_before_a_repeating_form_is_begun(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    assert "There is none to record" in words(nora.get(place("record", visit, "med", 1)))
    assert "There is none to record" not in words(nora.get(place("record", visit, "fal", 1)))
    assert nora.post(place("record-none", visit, "med")).status_code == 302
    assert "Medicines | 1 | complete |" in words(nora.get(place("visit", visit)))


def test_what_is_known_stands_on_a_form_nobody_began(cast: Cast):
    visit = begin(cast)
    page = words(look_as(cast.nora).get(place("record", visit, "dem", 1)))
    assert "Age at visit 66 years" in page
    assert "Sex registered at birth female" in page
    assert not Record.objects.exists()


def test_opening_again_wants_a_reason(cast: Cast):
    visit = begin(cast)
    complete(cast.nora, visit, "fal", FAL)
    nora = look_as(cast.nora)
    page = place("record-reopen", visit, "fal", 1)
    assert nora.post(page, {"reason": "other"}).status_code == 422
    assert nora.post(page, {"reason": "typing error"}).status_code == 302
    assert Record.objects.get().state == "draft"
    assert Act.objects.filter(action="record.reopen", why="typing error").exists()


def test_the_principal_investigator_signs_and_cannot_type(cast: Cast):
    visit = begin(cast)
    complete(cast.nora, visit, "fal", FAL)
    paula = look_as(cast.paula)
    assert "Sign" in words(paula.get(place("record", visit, "fal", 1)))
    assert paula.post(place("record-sign", visit, "fal", 1)).status_code == 302
    assert Record.objects.get().state == "signed"
    assert send(paula, visit, "ant", ht1="160").status_code == 403


def test_the_outcome_assessor_has_the_button_that_signs_an_outcome(cast: Cast):
    visit = begin(cast)
    complete(cast.nora, visit, "fxh", FXH)
    page, door = place("record", visit, "fxh", 1), place("record-sign", visit, "fxh", 1)
    assert door not in look_as(cast.nora).get(page).content.decode()
    assert look_as(cast.nora).post(door).status_code == 403
    assessor = look_as(act_as("Asa Assessor", Role.ASSESSOR, site=cast.exeter))
    assert door in assessor.get(page).content.decode()
    assert assessor.post(door).status_code == 302
    signed = words(assessor.get(page))
    assert "Signed" in signed
    assert "Open again" in signed
    assert "Open again" not in words(look_as(cast.nora).get(page))


def test_looking_at_an_outcome_form_leaves_a_trace_and_at_another_none(cast: Cast):
    visit = begin(cast)
    look_as(cast.nora).get(place("record", visit, "fal", 1))
    assert not Read.objects.filter(what="outcome").exists()
    look_as(cast.nora).get(place("record", visit, "fxh", 1))
    assert Read.objects.get(what="outcome").subject == visit.participant.code


def test_the_audit_does_not_tell_which_form_was_filled_in(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fxh", FXH)
    enter(cast.nora, visit, "fal", FAL)
    acts = Act.objects.filter(action="record.enter")
    assert acts.count() == 2
    assert set(acts.values_list("subject", flat=True)) == {visit.participant.code}
    assert OutcomeRecord.objects.exists()


def test_last_times_answer_stands_beside_and_is_not_copied(cast: Cast):
    ann = enrol_participant(
        actor=cast.nora,
        screening=make_screening(cast, scr_date=days_ago(41)),
        identity=make_identity(),
        signing=make_signing(cast, signed_on=days_ago(40)),
    )
    first = ann.visits.get(code="BL")
    begin_visit(actor=cast.nora, visit=first, happened_on=days_ago(40))
    enter(cast.nora, first, "fal", {"fal_12m": "4", "fal_aid": "1"})
    later = begin(cast, ann, "FU06")
    page = words(look_as(cast.nora).get(place("record", later, "fal", 1)))
    assert "Last time: 4" in page
    assert "Last time: stick" in page
    assert not Record.objects.filter(visit=later).exists()
