"""The main navigation shows the doors that are open to somebody, and no other."""

import pytest
from django.urls import reverse

from portal.pages.nav import DOORS, list_doors_for, make_nav
from portal.roles.actors import ANONYMOUS
from portal.roles.models import Role
from portal.roles.policy import WHO_MAY, may
from tests.portal.pages.builders import make_actor


def test_a_stranger_has_no_navigation():
    assert make_nav(ANONYMOUS, "/") == []


@pytest.mark.parametrize("role", Role.values)
def test_a_role_sees_exactly_the_doors_its_permissions_open(role: str):
    actor = make_actor(role)
    labels = {door.label for door, _ in list_doors_for(actor)}
    assert labels == {door.label for door in DOORS if may(actor, door.action)}


def test_every_door_is_a_line_of_the_permission_table_and_leads_somewhere():
    for door in DOORS:
        assert door.action in WHO_MAY
        assert reverse(door.url_name).startswith("/")


def test_the_entry_one_is_at_is_marked_and_home_only_at_home():
    nurse = make_actor("nurse")
    assert [link.label for link in make_nav(nurse, reverse("participants")) if link.current] == ["Participants"]
    assert [link.label for link in make_nav(nurse, "/") if link.current] == ["Home"]
