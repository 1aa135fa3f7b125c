"""The permission table, whole: a change to it is a change to this test, so nobody gains a right unseen."""

import pytest

from portal.core.errors import NotAllowed
from portal.roles.actors import ANONYMOUS, CLOCK, SETUP, SYSTEM_ACTORS, Actor, Held
from portal.roles.models import Role
from portal.roles.policy import SYSTEM_MAY, WHO_MAY, may, require
from portal.roles.separation import REFUSED_TOGETHER, refused_with

EVERYBODY = set(Role.values)


def actor_with(*roles: str, site_pk: int | None = None) -> Actor:
    return Actor(name="somebody", held=tuple(Held(role, site_pk) for role in roles))


def test_every_listed_role_exists() -> None:
    assert all(roles <= EVERYBODY for roles in WHO_MAY.values())


@pytest.mark.parametrize("action", sorted(WHO_MAY))
@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_each_role_may_exactly_what_the_table_says(action: str, role: str) -> None:
    assert may(actor_with(role), action) == (role in WHO_MAY[action])


@pytest.mark.parametrize("action", sorted(WHO_MAY))
def test_a_stranger_may_nothing(action: str) -> None:
    assert not may(ANONYMOUS, action)
    with pytest.raises(NotAllowed, match="You hold no role today"):
        require(ANONYMOUS, action)


def test_a_role_at_one_site_is_none_at_another() -> None:
    nurse = actor_with(Role.NURSE, site_pk=1)
    assert may(nurse, "participant.enrol", 1)
    assert not may(nurse, "participant.enrol", 2)


def test_a_role_at_every_site_holds_at_each() -> None:
    assert may(actor_with(Role.PI), "participant.view", 7)


def test_an_unlisted_action_is_a_slip_and_no_silent_no() -> None:
    with pytest.raises(KeyError):
        may(actor_with(Role.ADMIN), "participant.eat")


def test_no_role_may_everything() -> None:
    for role in EVERYBODY:
        assert not all(role in roles for roles in WHO_MAY.values())


def test_the_system_acts_by_its_own_short_table() -> None:
    assert set(SYSTEM_MAY) == {actor.name for actor in SYSTEM_ACTORS}
    assert may(SETUP, "site.add")
    assert not may(CLOCK, "site.add")
    with pytest.raises(NotAllowed, match=r"'identity\.reveal' is for"):
        require(SETUP, "identity.reveal")


def test_analysts_and_administrators_reach_no_participant() -> None:
    people = [action for action in WHO_MAY if action.split(".")[0] in {"participant", "identity", "consent"}]
    assert people
    for action in people:
        assert not {Role.ANALYST, Role.ADMIN} & WHO_MAY[action]


@pytest.mark.parametrize("pair", sorted(REFUSED_TOGETHER, key=sorted))
def test_refused_combinations_are_refused_both_ways(pair: frozenset[str]) -> None:
    one, other = sorted(pair)
    assert refused_with(one, {other}) == (other, REFUSED_TOGETHER[pair])
    assert refused_with(other, {one}) == (one, REFUSED_TOGETHER[pair])
    assert refused_with(one, {Role.NURSE}) is None
