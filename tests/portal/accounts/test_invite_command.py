"""`manage.py invite`: the door for who runs the portal by Django's own commands."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.test import Client

from portal.accounts.models import User
from portal.roles.middleware import actor_of
from portal.roles.models import Role
from tests.cast import Cast
from tests.database import rolls_back

pytestmark = rolls_back


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("invite", *arguments, stdout=out)
    return out.getvalue().strip()


def test_it_prints_a_link_that_works_and_nobody_need_be_there():
    assert not User.objects.exists()
    link = run("first@example.org", "admin", "--name", "First Person", "--address", "https://trabecula.example.org/")
    assert link.startswith("https://trabecula.example.org/join/")
    page = Client().get(link.removeprefix("https://trabecula.example.org")).content.decode()
    assert "Welcome, First Person" in page


def test_a_site_is_named_by_its_prefix(cast: Cast):
    run("ines@example.org", "nurse", "--site", "exb")
    held = actor_of(User.objects.get(email="ines@example.org")).held
    assert [(one.role, one.site_pk) for one in held] == [(Role.NURSE, cast.exeter.pk)]


def test_an_unknown_site_is_refused_with_those_that_are_known(cast: Cast):
    with pytest.raises(CommandError, match="there is no site 'XYZ'; known: EXB, PLY"):
        run("ines@example.org", "nurse", "--site", "XYZ")


def test_an_address_in_use_is_refused(cast: Cast):
    with pytest.raises(CommandError, match="somebody has this e-mail address already"):
        run("nora@example.org", "nurse")


def test_there_is_no_superuser_to_create():
    assert "createsuperuser" in get_commands()
    assert not hasattr(User.objects, "create_superuser")
