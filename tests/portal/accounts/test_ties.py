"""Who made somebody's link is tied to them for seven days after it was made and after it was used."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.accounts.access import get_open_invitation
from portal.accounts.services import join, reset_factor
from portal.audit.ties import COOLING, is_tied, list_tied_to
from portal.roles.middleware import actor_of
from tests.cast import Cast
from tests.database import rolls_back
from tests.portal.accounts.people import invite

pytestmark = rolls_back
NEW_PASSWORD = "another long passphrase"


def test_who_invited_somebody_is_tied_to_them_in_both_directions(cast: Cast):
    ines = invite(cast.adam).invitation.user
    now = timezone.now()
    assert is_tied(cast.adam.user_pk, ines.pk, now)
    assert is_tied(ines.pk, cast.adam.user_pk, now)
    assert list_tied_to(ines.pk, now) == {cast.adam.user_pk}


def test_others_are_not_tied(cast: Cast):
    invite(cast.adam)
    assert not is_tied(cast.nora.user_pk, cast.adam.user_pk, timezone.now())


def test_everybody_is_tied_to_themselves(cast: Cast):
    assert is_tied(cast.carl.user_pk, cast.carl.user_pk, timezone.now())


@pytest.mark.parametrize(("after", "tied"), [(COOLING - timedelta(minutes=1), True), (COOLING, False)])
def test_a_reset_ties_for_seven_days(cast: Cast, after: timedelta, tied: bool):
    reset_factor(actor=cast.adam, user=cast.user(cast.carl), why="telephone lost")
    made_at = timezone.now()
    assert is_tied(cast.adam.user_pk, cast.carl.user_pk, made_at + after) is tied


def test_a_link_used_late_ties_for_seven_days_from_its_use(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    link = reset_factor(actor=cast.adam, user=cast.user(cast.carl), why="telephone lost")
    made_at = timezone.now()
    used_at = made_at + timedelta(days=6)
    monkeypatch.setattr(timezone, "now", lambda: used_at)
    invitation = get_open_invitation(link.token)
    join(actor=actor_of(invitation.user), invitation=invitation, password=NEW_PASSWORD)
    pair = (cast.adam.user_pk, cast.carl.user_pk)
    assert is_tied(*pair, used_at + COOLING - timedelta(minutes=1))
    assert not is_tied(*pair, used_at + COOLING + timedelta(minutes=1))


def test_what_comes_later_does_not_tie_now(cast: Cast):
    before = timezone.now() - timedelta(minutes=1)
    reset_factor(actor=cast.adam, user=cast.user(cast.carl), why="telephone lost")
    assert not is_tied(cast.adam.user_pk, cast.carl.user_pk, before)
