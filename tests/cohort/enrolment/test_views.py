"""Screening and enrolling by their pages."""

from typing import Any

import pytest
from django.urls import reverse

from cohort.enrolment.models import Screening
from cohort.enrolment.services import decline_screening
from cohort.identity.access import reveal_identity
from cohort.participants.models import Participant
from cohort.study.services import add_consent_form, join_site
from tests.cast import Cast, days_ago, make_participant, make_screening
from tests.cohort.pages import (
    look_as,
    make_young_study,
    read,
    typed_identity,
    typed_screening,
    typed_signing,
    words,
    written,
)
from tests.database import rolls_back

pytestmark = rolls_back


def screen(cast: Cast, **changes: Any) -> Any:
    """Send the screening form as Nora; return the page that follows."""
    page = reverse("screening-new", args=["wrist"])
    return look_as(cast.nora).post(page, typed_screening(cast.exeter, **changes), follow=True)


def test_a_nurse_screens_and_reads_the_verdict(cast: Cast):
    response = screen(cast)
    assert response.redirect_chain[0][0] == reverse("screening", args=[Screening.objects.get().pk])
    assert "Consent and enrol" in read(response)


def test_every_criterion_that_failed_is_named_in_words(cast: Cast):
    page = read(screen(cast, scr_age="45", scr_can_consent="0"))
    assert "The age rule of the protocol is not met." in page
    assert "Cannot give own consent." in page
    assert "Consent and enrol" not in page


def test_the_side_to_scan_stands_in_large_type(cast: Cast):
    page = read(screen(cast, scr_wrist_metal="1"))
    assert "Scan the RIGHT forearm" in page
    assert "Avoid the left one" in page


def test_where_both_sides_are_fit_none_is_named(cast: Cast):
    assert "Which forearm" not in read(screen(cast))


def test_contrast_shows_the_day_until_which_to_wait(cast: Cast):
    page = read(screen(cast, scr_contrast="1", scr_date=written(days_ago(2))))
    assert "Wait until" in page
    assert "Make eligible" not in page


@pytest.mark.parametrize(
    ("sex", "age", "status"), [("F", "55", 422), ("F", "56", 200), ("M", "55", 200)], ids=["woman 55", "56", "man 55"]
)
def test_a_pregnancy_is_asked_of_women_under_56(cast: Cast, sex: str, age: str, status: int):
    assert screen(cast, sex=sex, scr_age=age, scr_pregnant="").status_code == status


def test_an_answer_left_out_is_named_and_nobody_is_screened(cast: Cast):
    response = screen(cast, scr_weight_ok="")
    assert response.status_code == 422
    assert "Within the scanner's table limit: Choose one of the answers." in words(response)
    assert not Screening.objects.exists()


def test_a_screening_cannot_be_dated_after_today(cast: Cast):
    response = screen(cast, scr_date=written(days_ago(-1)))
    assert response.status_code == 422
    assert "This day lies after today." in read(response)


def test_a_nurse_of_another_site_screens_at_her_own_site_only(cast: Cast):
    page = reverse("screening-new", args=["wrist"])
    response = look_as(cast.nell).post(page, typed_screening(cast.exeter))
    assert response.status_code == 422
    assert not Screening.objects.exists()


def test_who_does_not_screen_is_not_offered_it(cast: Cast):
    assert look_as(cast.paula).get(reverse("screening-new", args=["wrist"])).status_code == 403
    assert "Screen somebody" not in read(look_as(cast.paula).get(reverse("screenings", args=["wrist"])))
    assert "Screen somebody" in read(look_as(cast.nora).get(reverse("screenings", args=["wrist"])))


def test_a_study_that_is_not_open_cannot_be_screened_for(cast: Cast):
    study = make_young_study(cast)
    join_site(actor=cast.paula, study=study, site=cast.exeter, joined_on=days_ago(1))
    response = look_as(cast.nora).get(reverse("screening-new", args=[study.code]))
    assert response.status_code == 422
    assert "'later' is not open for enrolment" in words(response)


def test_the_list_counts_why_people_could_not_take_part(cast: Cast):
    make_screening(cast, scr_age=45)
    make_screening(cast, scr_age=44, scr_weight_ok=False)
    page = words(look_as(cast.nora).get(reverse("screenings", args=["wrist"])))
    assert "the age rule of the protocol is not met | 2 |" in page
    assert "beyond the scanner's table limit | 1 |" in page


def test_the_list_shows_the_outcome_that_was_asked_for(cast: Cast):
    make_screening(cast)
    make_screening(cast, scr_age=45)
    page = read(look_as(cast.nora).get(reverse("screenings", args=["wrist"]), {"state": "ineligible"}))
    assert "S-0002" in page
    assert "S-0001" not in page


def test_the_list_leads_straight_to_enrolment_for_those_who_may(cast: Cast):
    link = reverse("enrol", args=[make_screening(cast).pk])
    assert link in read(look_as(cast.nora).get(reverse("screenings", args=["wrist"])))
    page = read(look_as(cast.mona).get(reverse("screenings", args=["wrist"])))
    assert link not in page
    assert "to be enrolled" in page


def test_a_screening_of_another_site_is_not_there(cast: Cast):
    screening = make_screening(cast)
    assert look_as(cast.nora).get(reverse("screening", args=[screening.pk])).status_code == 200
    assert look_as(cast.nell).get(reverse("screening", args=[screening.pk])).status_code == 404
    assert "S-0001" not in read(look_as(cast.nell).get(reverse("screenings", args=["wrist"])))


@pytest.mark.parametrize("page", ["screening", "screening-decline", "enrol"])
def test_an_analyst_sees_no_screening(cast: Cast, page: str):
    assert look_as(cast.ana).get(reverse(page, args=[make_screening(cast).pk])).status_code == 403


def test_declining_is_asked_back_and_then_recorded(cast: Cast):
    screening = make_screening(cast)
    browser, page = look_as(cast.nora), reverse("screening-decline", args=[screening.pk])
    assert "Record that the person declined" in read(browser.get(page))
    screening.refresh_from_db()
    assert screening.state == "eligible"
    browser.post(page)
    screening.refresh_from_db()
    assert screening.state == "declined"


def test_who_declined_already_cannot_decline_again(cast: Cast):
    screening = make_screening(cast)
    decline_screening(actor=cast.nora, screening=screening)
    response = look_as(cast.nora).post(reverse("screening-decline", args=[screening.pk]))
    assert response.status_code == 409
    assert "'decline' cannot happen while 'declined'" in words(response)


def test_a_deferral_is_ended_once_its_day_has_come(cast: Cast):
    screening = make_screening(cast, scr_contrast=True, scr_date=days_ago(14))
    browser = look_as(cast.nora)
    assert "Make eligible" in read(browser.get(reverse("screening", args=[screening.pk])))
    page = read(browser.post(reverse("screening-clear", args=[screening.pk]), follow=True))
    assert "may be enrolled" in page
    assert "Consent and enrol" in page


def test_a_deferral_is_not_ended_before_its_day(cast: Cast):
    screening = make_screening(cast, scr_contrast=True, scr_date=days_ago(13))
    response = look_as(cast.nora).post(reverse("screening-clear", args=[screening.pk]), follow=True)
    assert "is deferred until" in read(response)
    screening.refresh_from_db()
    assert screening.state == "deferred"


def test_clearing_is_an_act_and_no_page_to_visit(cast: Cast):
    assert look_as(cast.nora).get(reverse("screening-clear", args=[make_screening(cast).pk])).status_code == 405


def enrol(cast: Cast, **changes: Any) -> Any:
    """Screen somebody who may take part and send the page of consent and enrolment as Nora."""
    page = reverse("enrol", args=[make_screening(cast).pk])
    return look_as(cast.nora).post(page, {**typed_identity(), **typed_signing(cast.form), **changes})


def test_a_nurse_enrols_on_one_page_and_reads_the_code(cast: Cast):
    response = enrol(cast)
    participant = Participant.objects.get()
    assert response["Location"] == reverse("participant", args=[participant.code])
    identity = reveal_identity(cast.nora, participant)
    assert identity is not None
    assert (identity.given_name, identity.birth_date) == ("Ann", days_ago(66 * 365 + 60))


def test_each_answer_is_kept_as_it_was_given(cast: Cast):
    enrol(cast, con_i_ai="no", con_i_link="not_asked")
    consent = Participant.objects.get().consents.get()
    assert (consent.con_i_rad, consent.con_i_ai, consent.con_i_link) == (True, False, None)


def test_an_item_left_open_is_named_and_nobody_is_enrolled(cast: Cast):
    response = enrol(cast, con_i_ai="")
    assert response.status_code == 422
    assert "Images used to train and test AI: Choose one of the answers." in read(response)
    assert not Participant.objects.exists()


def test_without_the_item_to_take_part_the_form_says_so_and_keeps_what_was_typed(cast: Cast):
    response = enrol(cast, con_i_part="no")
    assert response.status_code == 422
    assert "must be yes to enrol" in read(response)
    assert 'value="Example"' in read(response)


def test_a_copy_of_the_form_comes_first(cast: Cast):
    response = enrol(cast, copy_given="")
    assert response.status_code == 422
    assert "must be given a copy first" in read(response)


def test_a_birth_date_that_does_not_fit_the_screening_is_refused(cast: Cast):
    response = enrol(cast, birth_date=written(days_ago(80 * 365)))
    assert response.status_code == 422
    assert "check both before enrolling" in read(response)


def test_names_are_never_kept_by_any_cache_nor_offered_again(cast: Cast):
    response = enrol(cast, con_i_part="no")
    assert "no-store" in response["Cache-Control"]
    page = read(response)
    for name in ("family_name", "given_name", "birth_date", "hospital_number", "phone", "address", "gp"):
        control = page[page.index(f'name="{name}"') :].split(">")[0]
        assert "data-sensitive" in control
        assert 'autocomplete="off"' in control


def test_only_versions_valid_on_the_day_of_signature_are_offered(cast: Cast):
    newer = add_consent_form(
        actor=cast.paula,
        study=cast.study,
        approval=cast.form.approval,
        version="2.0",
        sheet_version="2.0",
        valid_from=days_ago(2),
    )
    page = reverse("enrol", args=[make_screening(cast).pk])
    browser = look_as(cast.nora)
    assert f'<option value="{newer.pk}" selected>' in read(browser.get(page))
    typed = {**typed_identity(), **typed_signing(newer, signed_on=written(days_ago(3)))}
    response = browser.post(page, typed)
    assert response.status_code == 422
    assert "This version was not valid on the date of signature." in read(response)


def test_a_person_who_is_in_the_study_is_recognised_on_the_form(cast: Cast):
    make_participant(cast, "Ann")
    response = enrol(cast)
    assert response.status_code == 422
    assert "is in the study already" in read(response)


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("nell", 404), ("paula", 403), ("mona", 403)])
def test_who_may_open_the_page_of_enrolment(cast: Cast, who: str, status: int):
    page = reverse("enrol", args=[make_screening(cast).pk])
    assert look_as(getattr(cast, who)).get(page).status_code == status


def test_nobody_is_enrolled_by_the_page_twice(cast: Cast):
    screening = make_participant(cast).screening
    response = look_as(cast.nora).get(reverse("enrol", args=[screening.pk]))
    assert response.status_code == 409
    assert "cannot happen while 'enrolled'" in words(response)
