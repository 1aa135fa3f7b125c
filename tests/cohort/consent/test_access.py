"""How participants stand, for a whole list at once, agrees with what is decided for each."""

import pytest
from django.db import DatabaseError
from django.utils import timezone

from cohort.consent.access import list_withdrawn_from_use, with_standing
from cohort.consent.models import Level
from cohort.consent.rules import is_reconsent_due
from cohort.consent.services import give_consent, withdraw_consent
from cohort.participants.models import Participant
from cohort.study.services import add_consent_form
from tests.cast import Cast, days_ago, hands, make_participant
from tests.database import rolls_back

pytestmark = rolls_back


def test_the_list_and_the_single_rule_agree(cast: Cast):
    ann, bea, cleo = (make_participant(cast, name) for name in ("Ann", "Bea", "Cleo"))
    newer = add_consent_form(
        actor=cast.paula,
        study=cast.study,
        approval=cast.form.approval,
        version="2.0",
        sheet_version="2.0",
        valid_from=days_ago(1),
        reconsent_required=True,
    )
    answers = {"con_i_part": True}
    give_consent(actor=cast.nora, participant=bea, form=newer, signed_on=days_ago(0), answers=answers, copy_given=True)
    withdraw_consent(actor=cast.nora, participant=cleo, level=Level.NO_FURTHER_CONTACT, withdrawn_on=days_ago(0))
    listed = {one.code: one for one in with_standing(Participant.objects.all(), days_ago(0))}
    assert [listed[one.code].is_reconsent_due for one in (ann, bea, cleo)] == [True, False, False]
    assert [is_reconsent_due(one, days_ago(0)) for one in (ann, bea)] == [True, False]
    assert [listed[one.code].furthest_level for one in (ann, bea, cleo)] == [None, None, Level.NO_FURTHER_CONTACT]


def test_a_withdrawal_counts_from_the_moment_it_was_written_down(cast: Cast):
    ann, bea = make_participant(cast, "Ann"), make_participant(cast, "Bea")
    before = timezone.now()
    withdraw_consent(actor=cast.nora, participant=ann, level=Level.NO_FURTHER_USE, withdrawn_on=days_ago(3))
    withdraw_consent(actor=cast.nora, participant=bea, level=Level.NO_FURTHER_ACCESS, withdrawn_on=days_ago(0))
    assert list_withdrawn_from_use(cast.study.pk) == list_withdrawn_from_use(cast.study.pk, before) == [ann.pk]
    assert list_withdrawn_from_use(cast.study.pk, timezone.now()) == []
    with pytest.raises(DatabaseError, match="recorded_at of consent_withdrawal never changes"), hands(cast.nora):
        ann.withdrawals.update(recorded_at=before)


def test_a_form_that_begins_tomorrow_asks_nobody_today(cast: Cast):
    ann = make_participant(cast)
    add_consent_form(
        actor=cast.paula,
        study=cast.study,
        approval=cast.form.approval,
        version="2.0",
        sheet_version="2.0",
        valid_from=days_ago(-1),
        reconsent_required=True,
    )
    listed = with_standing(Participant.objects.all(), days_ago(0)).get()
    assert listed.is_reconsent_due is is_reconsent_due(ann, days_ago(0)) is False
    assert with_standing(Participant.objects.all(), days_ago(-1)).get().is_reconsent_due
