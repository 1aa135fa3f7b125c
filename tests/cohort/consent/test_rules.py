"""What may be done with a participant's data: each purpose, each item, each level of withdrawal, each day."""

from datetime import date

import pytest
from django.utils import timezone

from cohort.consent.models import ITEMS, Level
from cohort.consent.purposes import ENDS_AT, NEEDS, WORDS, Purpose
from cohort.consent.rules import is_reconsent_due, may_use
from cohort.consent.services import give_consent, withdraw_consent
from cohort.study.models import Basis
from cohort.study.services import add_consent_form
from portal.core.errors import NotAllowed, Refused
from tests.cast import Cast, days_ago, make_participant, make_signing
from tests.database import rolls_back

pytestmark = rolls_back

# CLINICAL 1.5: the table "system effect", read row by row.
ALLOWED_AFTER: dict[Level, set[Purpose]] = {
    Level.NO_MORE_VISITS: {
        Purpose.FOLLOW_UP,
        Purpose.RECORDS,
        Purpose.LINK,
        Purpose.TRAIN,
        Purpose.EVALUATE,
        Purpose.SHARE,
        Purpose.COMMERCIAL,
        Purpose.TELL_FINDING,
        Purpose.RECONTACT,
    },
    Level.NO_FURTHER_CONTACT: {
        Purpose.RECORDS,
        Purpose.LINK,
        Purpose.TRAIN,
        Purpose.EVALUATE,
        Purpose.SHARE,
        Purpose.COMMERCIAL,
    },
    Level.NO_FURTHER_ACCESS: {Purpose.TRAIN, Purpose.EVALUATE, Purpose.SHARE, Purpose.COMMERCIAL},
    Level.NO_FURTHER_USE: set(),
}


def today() -> date:
    return timezone.localdate()


def test_every_purpose_has_its_items_its_end_and_its_words() -> None:
    assert set(NEEDS) == set(ENDS_AT) == set(WORDS) == set(Purpose)
    assert {item for items in NEEDS.values() for item in items} == set(ITEMS)


def test_with_every_item_every_purpose_is_allowed(cast: Cast) -> None:
    participant = make_participant(cast)
    assert all(may_use(participant, purpose, today()).allowed for purpose in Purpose)


@pytest.mark.parametrize("purpose", Purpose)
def test_one_item_missing_forbids_exactly_what_needs_it(cast: Cast, purpose: Purpose) -> None:
    item = NEEDS[purpose][-1]
    if item == "con_i_part":
        pytest.skip("nobody is enrolled without it, which has its own test")
    participant = make_participant(cast, **{item: False})
    for other in Purpose:
        assert may_use(participant, other, today()).allowed == (item not in NEEDS[other])
    assert f"'{ITEMS[item]}' was answered no" in may_use(participant, purpose, today()).reason


def test_an_item_that_was_not_asked_is_not_a_yes(cast: Cast) -> None:
    participant = make_participant(cast, con_i_ai=None)
    decision = may_use(participant, Purpose.TRAIN, today())
    assert not decision.allowed
    assert "was not asked" in decision.reason


@pytest.mark.parametrize("level", Level)
def test_each_level_of_withdrawal_ends_what_the_protocol_says(cast: Cast, level: Level) -> None:
    participant = make_participant(cast)
    before = {purpose for purpose in Purpose if may_use(participant, purpose, today()).allowed}
    assert before == set(Purpose)
    withdraw_consent(actor=cast.nora, participant=participant, level=level, withdrawn_on=today())
    after = {purpose for purpose in Purpose if may_use(participant, purpose, today()).allowed}
    assert after == ALLOWED_AFTER[level]


def test_a_withdrawal_does_not_reach_back(cast: Cast) -> None:
    participant = make_participant(cast)
    withdraw_consent(actor=cast.nora, participant=participant, level=Level.NO_FURTHER_USE, withdrawn_on=today())
    consent = participant.consents.get()
    assert may_use(participant, Purpose.TRAIN, consent.signed_on).allowed is False
    assert may_use(participant, Purpose.TRAIN, days_ago(1)).reason == "no consent was signed"


def test_a_withdrawal_never_goes_back(cast: Cast) -> None:
    participant = make_participant(cast)
    withdraw_consent(actor=cast.nora, participant=participant, level=Level.NO_FURTHER_ACCESS, withdrawn_on=today())
    with pytest.raises(Refused, match="has already withdrawn: no further access"):
        withdraw_consent(actor=cast.nora, participant=participant, level=Level.NO_MORE_VISITS, withdrawn_on=today())


def test_a_withdrawal_is_not_dated_ahead(cast: Cast) -> None:
    participant = make_participant(cast)
    with pytest.raises(Refused, match="after today"):
        withdraw_consent(
            actor=cast.nora, participant=participant, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(-1)
        )


def test_an_analyst_may_not_withdraw(cast: Cast) -> None:
    participant = make_participant(cast)
    with pytest.raises(NotAllowed, match="You are: analyst"):
        withdraw_consent(actor=cast.ana, participant=participant, level=Level.NO_MORE_VISITS, withdrawn_on=today())


def test_the_latest_signing_counts(cast: Cast) -> None:
    participant = make_participant(cast)
    assert may_use(participant, Purpose.TRAIN, today()).allowed
    signing = make_signing(cast, con_i_ai=False)
    give_consent(
        actor=cast.nora,
        participant=participant,
        form=signing.form,
        signed_on=today(),
        answers=signing.answers,
        copy_given=True,
    )
    assert not may_use(participant, Purpose.TRAIN, today()).allowed
    assert sorted(participant.consents.values_list("state", flat=True)) == ["given", "superseded"]


def test_a_form_that_asks_everybody_again_is_due_until_it_is_signed(cast: Cast) -> None:
    participant = make_participant(cast)
    assert not is_reconsent_due(participant, today())
    newer = add_consent_form(
        actor=cast.paula,
        study=cast.study,
        approval=cast.form.approval,
        version="2.0",
        sheet_version="2.0",
        valid_from=days_ago(1),
        reconsent_required=True,
    )
    assert is_reconsent_due(participant, today())
    signing = make_signing(cast)
    give_consent(
        actor=cast.nora,
        participant=participant,
        form=newer,
        signed_on=today(),
        answers=signing.answers,
        copy_given=True,
    )
    assert not is_reconsent_due(participant, today())


def test_a_public_use_study_needs_no_consent_of_ours(cast: Cast) -> None:
    participant = make_participant(cast)
    participant.study.basis = Basis.PUBLIC_USE
    participant.consents.all()
    assert "public-use" in may_use(participant, Purpose.TRAIN, today()).reason


def test_a_nurse_takes_no_consent_before_her_delegation(cast: Cast) -> None:
    with pytest.raises(Refused, match="was not valid on"):
        make_participant_signed(cast, days_ago(3000))


def make_participant_signed(cast: Cast, day: date) -> None:
    participant = make_participant(cast)
    signing = make_signing(cast)
    give_consent(
        actor=cast.nora,
        participant=participant,
        form=signing.form,
        signed_on=day,
        answers=signing.answers,
        copy_given=True,
    )
