"""The pages about people: who sees whom, and every grave act by its form."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.access import get_open_invitation
from portal.accounts.models import Invitation, User
from portal.accounts.services import close_account, grant_role
from portal.roles.middleware import actor_of
from portal.roles.models import Membership, Role
from tests.cast import Cast, act_as, hands
from tests.database import rolls_back
from tests.portal.accounts.people import browser_of, invite

pytestmark = rolls_back

INES = {"name": "Ines Invited", "email": "ines@example.org", "role": Role.NURSE, "site": "every"}


@pytest.fixture(autouse=True)
def _password_is_enough(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def adam(cast: Cast) -> Client:
    return browser_of(cast.user(cast.adam))


def token_on(page: str) -> str:
    return page.partition("/join/")[2].partition("/")[0]


# --- who sees whom -----------------------------------------------------------------------------------------------


def test_an_administrator_sees_everybody_with_roles_and_state(cast: Cast, adam: Client):
    invite(cast.adam)
    close_account(actor=cast.adam, user=cast.user(cast.mona), why="left")
    page = adam.get("/people/").content.decode()
    assert all(user.name in page for user in User.objects.all())
    assert "Research nurse, Exeter" in page
    assert all(word in page for word in ("invited", "closed", "active", "none today"))


def test_an_investigator_of_one_site_sees_its_people_and_those_of_every_site(cast: Cast):
    pia = act_as("Pia Principal", Role.PI, site=cast.exeter)
    client = browser_of(cast.user(pia))
    page = client.get("/people/").content.decode()
    assert "Nora Nurse" in page
    assert "Dan Data" in page
    assert "Nell Nurse" not in page
    assert client.get(reverse("person", args=[cast.nora.user_pk])).status_code == 200
    assert client.get(reverse("person", args=[cast.nell.user_pk])).status_code == 404


@pytest.mark.parametrize("name", ["nora", "ana", "carl"])
def test_who_has_nothing_to_do_with_people_sees_none(cast: Cast, name: str):
    client = browser_of(cast.user(getattr(cast, name)))
    for address in ("/people/", "/people/delegation-log/", reverse("person", args=[cast.nell.user_pk])):
        assert client.get(address).status_code == 403, address


def test_the_person_page_offers_only_what_one_may_do(cast: Cast, adam: Client):
    address = reverse("person", args=[cast.nora.user_pk])
    acts = [reverse(name, args=[cast.nora.user_pk]) for name in ("role-grant", "person-reset", "person-close")]
    mona = browser_of(cast.user(cast.mona))
    assert all(act in adam.get(address).content.decode() for act in acts)
    assert not any(act in mona.get(address).content.decode() for act in acts)
    own = adam.get(reverse("person", args=[cast.adam.user_pk])).content.decode()
    assert not any(word in own for word in ("/grant/", "/reset/", "/close/", "/end/"))


def test_the_delegation_log_names_who_gave_and_who_ended(cast: Cast, adam: Client):
    given = grant_role(actor=cast.paula, user=cast.user(cast.nora), role=Role.READER, site=cast.exeter)
    adam.post(reverse("role-end", args=[given.pk]), {"ends_on": timezone.localdate(), "why": "enough"})
    page = adam.get("/people/delegation-log/").content.decode()
    row = next(row for row in page.split("<tr>") if "Reader" in row)
    assert row.index("Nora Nurse") < row.index("Paula Principal") < row.index("Adam Admin")


# --- invite ------------------------------------------------------------------------------------------------------


def test_inviting_shows_the_link_once_to_be_printed(cast: Cast, adam: Client):
    answer = adam.post("/people/invite/", INES)
    page = answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "data:image/svg+xml;base64," in page
    assert get_open_invitation(token_on(page)).user.email == INES["email"]
    later = adam.get(reverse("person", args=[User.objects.get(email=INES["email"]).pk])).content.decode()
    assert "/join/" not in later


def test_a_form_with_a_slip_comes_back_with_what_was_typed(cast: Cast, adam: Client):
    answer = adam.post("/people/invite/", {**INES, "email": "nora@example.org"})
    assert answer.status_code == 422
    assert "somebody has this e-mail address already" in answer.content.decode()
    assert 'value="nora@example.org"' in answer.content.decode()


def test_an_investigator_is_offered_the_roles_they_may_give(cast: Cast):
    page = browser_of(cast.user(cast.paula)).get("/people/invite/").content.decode()
    assert 'value="nurse"' in page
    assert 'value="custodian"' not in page
    answer = browser_of(cast.user(cast.paula)).post("/people/invite/", {**INES, "role": Role.CUSTODIAN})
    assert answer.status_code == 422


def test_a_monitor_cannot_invite(cast: Cast):
    assert browser_of(cast.user(cast.mona)).post("/people/invite/", INES).status_code == 403


@pytest.mark.parametrize("name", ["role-grant", "person-reset", "person-close", "person-reopen"])
def test_every_grave_act_wants_a_fresh_sign_in(cast: Cast, name: str):
    client = browser_of(cast.user(cast.adam), fresh=False)
    address = reverse(name, args=[cast.nora.user_pk])
    for answer in (client.get(address), client.post(address, {"why": "telephone lost"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert cast.user(cast.nora).has_usable_password()


# --- roles -------------------------------------------------------------------------------------------------------


def test_giving_a_role_by_its_form(cast: Cast, adam: Client):
    typed = {"role": Role.READER, "site": cast.exeter.pk, "starts_on": timezone.localdate(), "ends_on": ""}
    answer = adam.post(reverse("role-grant", args=[cast.nora.user_pk]), typed)
    assert answer["Location"] == reverse("person", args=[cast.nora.user_pk])
    assert actor_of(cast.user(cast.nora)).roles == {Role.NURSE, Role.READER}


def test_a_site_must_be_chosen_and_every_site_meant(cast: Cast, adam: Client):
    address = reverse("role-grant", args=[cast.nora.user_pk])
    page = adam.get(address).content.decode()
    assert f'value="{timezone.localdate():%Y-%m-%d}"' in page
    typed = {"role": Role.READER, "site": "", "starts_on": timezone.localdate(), "ends_on": ""}
    assert adam.post(address, typed).status_code == 422
    pia = browser_of(cast.user(act_as("Pia Principal", Role.PI, site=cast.exeter)))
    assert 'value="every"' in page
    assert 'value="every"' not in pia.get(address).content.decode()
    assert pia.post(address, {**typed, "site": cast.plymouth.pk}).status_code == 422


def test_a_refusal_stands_on_the_form(cast: Cast, adam: Client):
    typed = {"role": Role.CUSTODIAN, "site": "every", "starts_on": timezone.localdate(), "ends_on": ""}
    answer = adam.post(reverse("role-grant", args=[cast.ana.user_pk]), typed)
    assert answer.status_code == 422
    assert "must not hold a key to the test labels" in answer.content.decode()


def test_ending_a_role_by_its_form(cast: Cast, adam: Client):
    held = Membership.objects.get(user=cast.nora.user_pk)
    address = reverse("role-end", args=[held.pk])
    too_early = timezone.localdate() - timedelta(days=2)
    assert adam.post(address, {"ends_on": too_early, "why": "left"}).status_code == 422
    assert adam.post(address, {"ends_on": timezone.localdate(), "why": ""}).status_code == 422
    assert adam.post(address, {"ends_on": timezone.localdate(), "why": "left"}).status_code == 302
    assert Membership.objects.get(pk=held.pk).ends_on == timezone.localdate()


def test_the_role_of_somebody_unseen_is_not_there(cast: Cast):
    pia = act_as("Pia Principal", Role.PI, site=cast.exeter)
    held = Membership.objects.get(user=cast.nell.user_pk)
    assert browser_of(cast.user(pia)).get(reverse("role-end", args=[held.pk])).status_code == 404


# --- accounts ----------------------------------------------------------------------------------------------------


def test_a_reset_shows_a_link_by_which_the_person_comes_in_again(cast: Cast, adam: Client):
    page = adam.post(reverse("person-reset", args=[cast.nora.user_pk]), {"why": "telephone lost"}).content.decode()
    new = "another long passphrase"
    client = Client()
    client.post(reverse("join", args=[token_on(page)]), {"password": new, "again": new})
    assert client.get("/account/").status_code == 200
    assert cast.user(cast.nora).check_password(new)


def test_a_reason_is_wanted(cast: Cast, adam: Client):
    for name in ("person-reset", "person-close"):
        assert adam.post(reverse(name, args=[cast.nora.user_pk]), {"why": ""}).status_code == 422
    assert not Invitation.objects.exists()


def test_closing_and_opening_an_account(cast: Cast, adam: Client):
    nora = reverse("person", args=[cast.nora.user_pk])
    assert adam.post(reverse("person-close", args=[cast.nora.user_pk]), {"why": "left"})["Location"] == nora
    assert not cast.user(cast.nora).is_active
    assert reverse("person-reopen", args=[cast.nora.user_pk]) in adam.get(nora).content.decode()
    page = adam.post(reverse("person-reopen", args=[cast.nora.user_pk]), {"why": "came back"}).content.decode()
    assert get_open_invitation(token_on(page)).user_id == cast.nora.user_pk


def test_closing_twice_is_a_conflict(cast: Cast, adam: Client):
    close_account(actor=cast.adam, user=cast.user(cast.nora), why="left")
    assert adam.post(reverse("person-close", args=[cast.nora.user_pk]), {"why": "left"}).status_code == 409


@pytest.mark.parametrize("name", ["person-reset", "person-close"])
def test_an_investigator_may_look_but_not_do_this(cast: Cast, name: str):
    paula = browser_of(cast.user(cast.paula))
    assert paula.get(reverse("person", args=[cast.nora.user_pk])).status_code == 200
    assert paula.post(reverse(name, args=[cast.nora.user_pk]), {"why": "left"}).status_code == 403


# --- the database's own word -------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["accounts_user", "accounts_invitation"])
def test_nobody_is_deleted(cast: Cast, table: str):
    invite(cast.adam)
    with hands(cast.adam), connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 0


def test_who_let_somebody_in_never_changes(cast: Cast):
    link = invite(cast.adam)
    rows = Invitation.objects.filter(pk=link.invitation.pk)
    for change in ({"created_by": cast.nora.user_pk}, {"token_hash": "0" * 64}, {"expires_at": timezone.now()}):
        with hands(cast.adam), pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            rows.update(**change)
    people = User.objects.filter(pk=link.invitation.user_id)
    with hands(cast.adam), pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        people.update(created_by=cast.nora.user_pk)


def test_a_used_link_stays_used(cast: Cast):
    link = invite(cast.adam)
    rows = Invitation.objects.filter(pk=link.invitation.pk)
    with hands(cast.adam):
        rows.update(used_at=timezone.now())
    with hands(cast.adam), pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        rows.update(used_at=None)
