"""The database refuses the same combinations of roles as the services do, on overlapping days only."""

from datetime import date

import pytest
from django.db import DatabaseError, transaction

from portal.accounts.models import User
from portal.roles.actors import SETUP
from portal.roles.models import Membership, Role
from portal.roles.separation import REFUSED_TOGETHER
from tests.cast import hands
from tests.database import rolls_back

pytestmark = rolls_back


def hold(user: User, role: str, starts_on: date = date(2020, 1, 1), ends_on: date | None = None) -> None:
    with transaction.atomic():
        Membership.objects.create(user=user, role=role, starts_on=starts_on, ends_on=ends_on)


@pytest.fixture
def ann() -> User:
    with hands(SETUP):
        return User.objects.create_user("ann@example.org", None, name="Ann")


@pytest.mark.parametrize("pair", sorted(REFUSED_TOGETHER, key=sorted))
def test_the_database_refuses_each_pair_both_ways(ann: User, pair: frozenset[str]) -> None:
    for first, second in (sorted(pair), sorted(pair, reverse=True)):
        with hands(SETUP):
            Membership.objects.all().delete()
            hold(ann, first)
            with pytest.raises(DatabaseError, match="may not be held by one person"):
                hold(ann, second)


def test_one_after_the_other_is_allowed(ann: User) -> None:
    with hands(SETUP):
        hold(ann, Role.ANALYST, ends_on=date(2024, 12, 31))
        hold(ann, Role.CUSTODIAN, starts_on=date(2025, 1, 1))
    assert Membership.objects.count() == 2


def test_the_last_day_still_counts(ann: User) -> None:
    with hands(SETUP):
        hold(ann, Role.ANALYST, ends_on=date(2025, 1, 1))
        with pytest.raises(DatabaseError, match="may not be held by one person"):
            hold(ann, Role.CUSTODIAN, starts_on=date(2025, 1, 1))


def test_a_role_ends_when_its_days_do(ann: User) -> None:
    with hands(SETUP):
        hold(ann, Role.NURSE, ends_on=date(2024, 12, 31))
    assert Membership.objects.on(date(2024, 12, 31)).exists()
    assert not Membership.objects.on(date(2025, 1, 1)).exists()
