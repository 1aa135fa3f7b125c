"""Signing again and withdrawing by their pages."""

from typing import Any

import pytest
from django.urls import reverse

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.participants.models import Participant
from tests.cast import Cast, days_ago, make_participant
from tests.cohort.pages import look_as, read, typed_signing, words, written
from tests.database import rolls_back

pytestmark = rolls_back


def test_a_new_consent_replaces_the_one_before(cast: Cast):
    ann = make_participant(cast)
    typed = typed_signing(cast.form, con_i_ai="no")
    response = look_as(cast.nora).post(reverse("consent-new", args=[ann.code]), typed)
    assert response["Location"] == reverse("participant", args=[ann.code])
    assert [one.state for one in ann.consents.order_by("recorded_at")] == ["superseded", "given"]
    assert ann.consents.get(state="given").con_i_ai is False


def test_the_answers_of_last_time_are_shown_and_never_chosen(cast: Cast):
    ann = make_participant(cast, con_i_ai=False)
    page = read(look_as(cast.nora).get(reverse("consent-new", args=[ann.code])))
    assert "Last time: no" in page
    item = page[page.index('id="id_con_i_ai"') : page.index('id="id_con_i_recontact"')]
    assert "checked" not in item


def test_a_signing_before_the_one_that_counts_is_refused_on_the_form(cast: Cast):
    ann = make_participant(cast)
    typed = typed_signing(cast.form, signed_on=written(days_ago(3)))
    response = look_as(cast.nora).post(reverse("consent-new", args=[ann.code]), typed)
    assert response.status_code == 422
    assert "cannot replace the one signed on" in read(response)


def test_who_withdrew_cannot_sign_again(cast: Cast):
    ann = make_participant(cast)
    withdraw_consent(actor=cast.nora, participant=ann, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0))
    assert look_as(cast.nora).get(reverse("consent-new", args=[ann.code])).status_code == 409


@pytest.mark.parametrize("page", ["consent-new", "withdraw"])
def test_another_site_and_another_role_are_refused(cast: Cast, page: str):
    ann = make_participant(cast)
    address = reverse(page, args=[ann.code])
    assert look_as(cast.nell).get(address).status_code == 404
    assert look_as(cast.mona).get(address).status_code == 403
    assert look_as(cast.ana).get(address).status_code == 403


def withdraw(cast: Cast, ann: Participant, *, fresh: bool = True, **changes: Any) -> Any:
    """Send the page of withdrawal as Nora, with her code retyped."""
    typed = {"level": "2", "withdrawn_on": written(days_ago(0)), "retyped": ann.code, **changes}
    return look_as(cast.nora, fresh=fresh).post(reverse("withdraw", args=[ann.code]), typed)


def test_a_withdrawal_is_recorded_as_far_as_the_participant_said(cast: Cast):
    ann = make_participant(cast)
    assert withdraw(cast, ann).status_code == 302
    assert ann.withdrawals.get().level == Level.NO_FURTHER_CONTACT


def test_the_page_says_what_each_level_ends(cast: Cast):
    ann = make_participant(cast)
    page = words(look_as(cast.nora).get(reverse("withdraw", args=[ann.code])))
    ended, kept = page[page.index("No further access |") :].split("|")[1:3]
    assert "look at medical records" in ended
    assert "train models" in kept


def test_another_code_withdraws_nobody(cast: Cast):
    ann = make_participant(cast)
    response = withdraw(cast, ann, retyped="EXB-0001-0")
    assert response.status_code == 422
    assert "What you typed is not the same." in read(response)
    assert not ann.withdrawals.exists()


def test_a_level_must_be_chosen(cast: Cast):
    ann = make_participant(cast)
    response = withdraw(cast, ann, level="")
    assert response.status_code == 422
    assert "Choose one of the answers." in read(response)


def test_withdrawing_wants_a_fresh_sign_in(cast: Cast):
    ann = make_participant(cast)
    assert withdraw(cast, ann, fresh=False)["Location"].startswith(reverse("account_reauthenticate"))
    assert not ann.withdrawals.exists()


def test_a_later_withdrawal_goes_further_and_never_back(cast: Cast):
    ann = make_participant(cast)
    withdraw(cast, ann)
    page = read(look_as(cast.nora).get(reverse("withdraw", args=[ann.code])))
    assert "No further access" in page
    assert "No more visits" not in page
    assert withdraw(cast, ann, level="1").status_code == 422
    assert withdraw(cast, ann, level="4").status_code == 302
    assert ann.consents.get().state == "withdrawn"


def test_after_the_furthest_withdrawal_nothing_is_asked(cast: Cast):
    ann = make_participant(cast)
    withdraw(cast, ann, level="4")
    assert look_as(cast.nora).get(reverse("withdraw", args=[ann.code])).status_code == 409
