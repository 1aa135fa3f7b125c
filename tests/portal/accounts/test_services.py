"""People come in by a link, get roles from who may give them, and leave without leaving a door open."""

from datetime import timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from portal.accounts.access import awaits_link, get_open_invitation, has_second_factor
from portal.accounts.models import Invitation, User
from portal.accounts.services import (
    close_account,
    end_role,
    grant_role,
    join,
    reopen_account,
    reset_factor,
    set_up_first_person,
)
from portal.audit.models import Act
from portal.core.errors import NotAllowed, Refused, StaleState, WrongState
from portal.roles.actors import SETUP
from portal.roles.middleware import actor_of
from portal.roles.models import Membership, Role
from tests.cast import Cast, act_as, hands, make_user
from tests.database import rolls_back
from tests.portal.accounts.people import browser_of, give_factor, invite, is_signed_in

pytestmark = rolls_back
NEW_PASSWORD = "another long passphrase"


def today() -> object:
    return timezone.localdate()


# --- invite ------------------------------------------------------------------------------------------------------


def test_an_invited_person_has_a_role_and_no_password(cast: Cast):
    link = invite(cast.adam, site=cast.exeter)
    ines = link.invitation.user
    assert ines.created_by_id == cast.adam.user_pk
    assert not ines.has_usable_password()
    assert [(one.role, one.site) for one in ines.memberships.all()] == [(Role.NURSE, cast.exeter)]
    act = Act.objects.get(action="person.invite")
    assert (act.actor, act.subject, act.site_id) == (cast.adam.label, ines.key, cast.exeter.pk)


def test_only_the_digest_of_a_token_is_kept(cast: Cast):
    link = invite(cast.adam)
    row = Invitation.objects.filter(pk=link.invitation.pk).values().get()
    assert len(row["token_hash"]) == 64
    assert link.token not in repr(row)
    assert link.token not in repr(link)


def test_a_nurse_may_invite_nobody(cast: Cast):
    with pytest.raises(NotAllowed, match=r"'person.invite' is for: administrator, principal investigator"):
        invite(cast.nora)


def test_an_investigator_invites_site_staff_but_no_custodian(cast: Cast):
    assert invite(cast.paula, site=cast.exeter).invitation.user.name == "Ines Invited"
    with pytest.raises(NotAllowed, match="the role custodian at every site is given and ended by: administrator"):
        invite(cast.paula, "ida@example.org", Role.CUSTODIAN)
    assert not User.objects.filter(email="ida@example.org").exists()


@pytest.mark.parametrize("email", ["nora@example.org", "NORA@Example.org"])
def test_an_address_is_given_once_in_whatever_case(cast: Cast, email: str):
    with pytest.raises(Refused, match="somebody has this e-mail address already"):
        invite(cast.adam, email)


def test_what_is_no_address_is_refused(cast: Cast):
    with pytest.raises(Refused, match="this is not an e-mail address; wanted one such as"):
        invite(cast.adam, "ines at home")


# --- join --------------------------------------------------------------------------------------------------------


def test_whoever_joins_chooses_a_password_and_the_link_is_used(cast: Cast):
    link = invite(cast.adam)
    ines = link.invitation.user
    assert awaits_link(ines)
    join(actor=actor_of(ines), invitation=get_open_invitation(link.token), password=NEW_PASSWORD)
    ines.refresh_from_db()
    assert ines.check_password(NEW_PASSWORD)
    assert not awaits_link(ines)
    with pytest.raises(Http404):
        get_open_invitation(link.token)


def test_a_link_opened_twice_is_used_once(cast: Cast):
    link = invite(cast.adam)
    first, second = get_open_invitation(link.token), get_open_invitation(link.token)
    join(actor=actor_of(first.user), invitation=first, password=NEW_PASSWORD)
    with pytest.raises(StaleState, match="this link has been used or has ended"):
        join(actor=actor_of(second.user), invitation=second, password="the second one's passphrase")
    assert User.objects.get(pk=first.user_id).check_password(NEW_PASSWORD)


def test_somebody_else_cannot_use_a_link(cast: Cast):
    link = invite(cast.adam)
    with pytest.raises(NotAllowed, match="used by the person it was made for"):
        join(actor=cast.nora, invitation=link.invitation, password=NEW_PASSWORD)


@pytest.mark.parametrize("lasts", [timedelta(seconds=1), timedelta(seconds=-1)])
def test_a_link_works_until_it_expires(cast: Cast, settings: pytest.FixtureRequest, lasts: timedelta):
    settings.INVITATION_DAYS = lasts / timedelta(days=1)
    link = invite(cast.adam)
    if lasts > timedelta():
        assert get_open_invitation(link.token) == link.invitation
    else:
        assert link.invitation.state == "expired"
        with pytest.raises(Http404):
            get_open_invitation(link.token)


# --- the first person --------------------------------------------------------------------------------------------


def test_the_first_person_is_administrator():
    assert not User.objects.exists()
    first = set_up_first_person(actor=SETUP, email="first@example.org", name="First", password=NEW_PASSWORD)
    assert actor_of(first).roles == {Role.ADMIN}


def test_there_is_no_second_first_person(cast: Cast):
    with pytest.raises(WrongState, match="the first person is there already"):
        set_up_first_person(actor=SETUP, email="first@example.org", name="First", password=NEW_PASSWORD)


def test_nobody_but_the_set_up_makes_the_first_person():
    nobody = act_as("Nobody")
    with pytest.raises(NotAllowed, match="You hold no role today"):
        set_up_first_person(actor=nobody, email="first@example.org", name="First", password=NEW_PASSWORD)


# --- give roles --------------------------------------------------------------------------------------------------


def test_an_administrator_gives_a_role_for_some_days(cast: Cast):
    nora = cast.user(cast.nora)
    last = today() + timedelta(days=3)
    given = grant_role(actor=cast.adam, user=nora, role=Role.READER, site=cast.exeter, ends_on=last)
    assert (given.starts_on, given.ends_on) == (today(), last)
    assert Role.READER in actor_of(nora).roles


def test_nobody_gives_a_role_to_themselves(cast: Cast):
    with pytest.raises(NotAllowed, match="nobody gives a role to themselves"):
        grant_role(actor=cast.adam, user=cast.user(cast.adam), role=Role.PI)


def test_a_nurse_gives_no_role(cast: Cast):
    with pytest.raises(NotAllowed, match=r"'role.grant' is for"):
        grant_role(actor=cast.nora, user=cast.user(cast.nell), role=Role.READER)


def test_an_investigator_of_one_site_gives_roles_there_alone(cast: Cast):
    pia = act_as("Pia Principal", Role.PI, site=cast.exeter)
    nell = cast.user(cast.nell)
    assert grant_role(actor=pia, user=nell, role=Role.READER, site=cast.exeter).site == cast.exeter
    with pytest.raises(NotAllowed):
        grant_role(actor=pia, user=nell, role=Role.READER, site=cast.plymouth)
    with pytest.raises(NotAllowed, match="the role reader at every site"):
        grant_role(actor=pia, user=nell, role=Role.READER)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (Role.ANALYST, Role.CUSTODIAN, "must not hold a key to the test labels"),
        (Role.ANALYST, Role.ASSESSOR, "must not enter the outcomes"),
        (Role.CUSTODIAN, Role.ADMIN, "who can reset sign-ins"),
    ],
)
def test_roles_that_exclude_each_other_are_refused(cast: Cast, first: str, second: str, reason: str):
    somebody = make_user("Some Body", first)
    with pytest.raises(Refused, match=reason):
        grant_role(actor=cast.adam, user=somebody, role=second)


def test_roles_that_exclude_each_other_may_follow_each_other(cast: Cast):
    somebody = make_user("Some Body")
    last = today() + timedelta(days=1)
    grant_role(actor=cast.adam, user=somebody, role=Role.ANALYST, ends_on=last)
    with pytest.raises(Refused, match=r"cannot be outcome assessor in the same time"):
        grant_role(actor=cast.adam, user=somebody, role=Role.ASSESSOR, starts_on=last)
    given = grant_role(actor=cast.adam, user=somebody, role=Role.ASSESSOR, starts_on=last + timedelta(days=1))
    assert given.starts_on == last + timedelta(days=1)


def test_the_same_role_is_not_given_twice(cast: Cast):
    with pytest.raises(Refused, match="this person is research nurse there already"):
        grant_role(actor=cast.adam, user=cast.user(cast.nora), role=Role.NURSE, site=cast.exeter)


@pytest.mark.parametrize(("shift", "is_allowed"), [(0, True), (-1, False)])
def test_a_role_never_begins_in_the_past(cast: Cast, shift: int, is_allowed: bool):
    somebody, first = make_user("Some Body"), today() + timedelta(days=shift)
    if is_allowed:
        assert grant_role(actor=cast.adam, user=somebody, role=Role.NURSE, starts_on=first).starts_on == first
    else:
        with pytest.raises(Refused, match="begins today or later, never in the past"):
            grant_role(actor=cast.adam, user=somebody, role=Role.NURSE, starts_on=first)


def test_a_role_does_not_end_before_it_begins(cast: Cast):
    with pytest.raises(Refused, match="a role ends on"):
        grant_role(actor=cast.adam, user=make_user("Some Body"), role=Role.NURSE, ends_on=today() - timedelta(days=1))


# --- end roles ---------------------------------------------------------------------------------------------------


def nurse_membership(cast: Cast) -> Membership:
    return Membership.objects.get(user=cast.nora.user_pk)


def test_a_role_ended_yesterday_is_gone_now(cast: Cast):
    assert actor_of(cast.user(cast.nora)).roles == {Role.NURSE}
    end_role(actor=cast.adam, membership=nurse_membership(cast), ends_on=today() - timedelta(days=1), why="left")
    assert actor_of(cast.user(cast.nora)).roles == frozenset()
    assert Act.objects.get(action="role.end").why == "left"


def test_the_last_day_of_a_role_still_counts(cast: Cast):
    end_role(actor=cast.adam, membership=nurse_membership(cast), ends_on=today(), why="leaves tonight")
    assert actor_of(cast.user(cast.nora)).roles == {Role.NURSE}


def test_a_role_cannot_be_ended_further_back(cast: Cast):
    with pytest.raises(Refused, match="the last day must be"):
        end_role(actor=cast.adam, membership=nurse_membership(cast), ends_on=today() - timedelta(days=2), why="left")


def test_an_ended_role_cannot_be_ended_again(cast: Cast):
    day = today() - timedelta(days=1)
    end_role(actor=cast.adam, membership=nurse_membership(cast), ends_on=day, why="left")
    with pytest.raises(WrongState, match=r"this role ended on .* already"):
        end_role(actor=cast.adam, membership=nurse_membership(cast), ends_on=day, why="left")


def test_a_stale_copy_cannot_end_a_role(cast: Cast):
    stale = nurse_membership(cast)
    end_role(actor=cast.adam, membership=nurse_membership(cast), ends_on=today() + timedelta(days=9), why="leaves")
    with pytest.raises(StaleState, match="somebody else has changed this role"):
        end_role(actor=cast.adam, membership=stale, ends_on=today(), why="leaves earlier")


def test_an_investigator_of_another_site_cannot_end_a_role(cast: Cast):
    pia = act_as("Pia Principal", Role.PI, site=cast.plymouth)
    with pytest.raises(NotAllowed, match=r"'role.end' is for"):
        end_role(actor=pia, membership=nurse_membership(cast), ends_on=today(), why="left")


def test_nobody_ends_their_own_role(cast: Cast):
    own = Membership.objects.get(user=cast.paula.user_pk)
    with pytest.raises(NotAllowed, match="nobody ends their own role"):
        end_role(actor=cast.paula, membership=own, ends_on=today(), why="tired")


def test_the_last_administrator_stays(cast: Cast):
    other = act_as("Abel Admin", Role.ADMIN)
    own = Membership.objects.get(user=cast.adam.user_pk)
    with hands(SETUP):
        User.objects.filter(pk=other.user_pk).update(is_active=False)
    with pytest.raises(Refused, match="would leave no administrator"):
        end_role(actor=other, membership=own, ends_on=today(), why="left")


# --- new links ---------------------------------------------------------------------------------------------------


def test_a_reset_ends_sessions_password_and_factor_at_once(cast: Cast, settings: pytest.FixtureRequest):
    settings.SECOND_FACTOR_REQUIRED = True
    nora = cast.user(cast.nora)
    give_factor(nora)
    client = browser_of(nora)
    assert client.get("/account/").status_code == 200
    assert has_second_factor(nora)
    link = reset_factor(actor=cast.adam, user=nora, why="telephone lost")
    nora = cast.user(cast.nora)
    assert not has_second_factor(nora)
    assert not nora.has_usable_password()
    assert client.get("/account/").status_code == 302
    assert not is_signed_in(client)
    assert get_open_invitation(link.token).user == nora


def test_a_second_reset_ends_the_first_link(cast: Cast):
    nora = cast.user(cast.nora)
    first = reset_factor(actor=cast.adam, user=nora, why="telephone lost")
    second = reset_factor(actor=cast.adam, user=nora, why="paper lost")
    with pytest.raises(Http404):
        get_open_invitation(first.token)
    assert get_open_invitation(second.token).user == nora


def test_an_investigator_resets_nobody(cast: Cast):
    with pytest.raises(NotAllowed, match=r"'person.reset_factor' is for: administrator"):
        reset_factor(actor=cast.paula, user=cast.user(cast.nora), why="telephone lost")


def test_nobody_resets_themselves(cast: Cast):
    with pytest.raises(NotAllowed, match="nobody resets their own sign-in"):
        reset_factor(actor=cast.adam, user=cast.user(cast.adam), why="telephone lost")


# --- close and open ----------------------------------------------------------------------------------------------


def test_a_closed_account_is_out_at_once(cast: Cast):
    nora = cast.user(cast.nora)
    client = browser_of(nora)
    assert is_signed_in(client)
    waiting = invite(cast.adam)
    close_account(actor=cast.adam, user=nora, why="left the hospital")
    nora = cast.user(cast.nora)
    assert not nora.is_active
    assert not actor_of(nora).is_known
    assert client.get("/account/").status_code == 302
    assert nurse_membership(cast).ends_on == today()
    assert waiting.invitation.state == "open"


def test_links_made_by_a_closed_account_end_with_it(cast: Cast):
    link = invite(cast.paula, site=cast.exeter)
    assert get_open_invitation(link.token)
    close_account(actor=cast.adam, user=cast.user(cast.paula), why="left")
    with pytest.raises(Http404):
        get_open_invitation(link.token)


def test_a_closed_account_is_not_closed_again(cast: Cast):
    close_account(actor=cast.adam, user=cast.user(cast.nora), why="left")
    with pytest.raises(WrongState, match="this account is closed already"):
        close_account(actor=cast.adam, user=cast.user(cast.nora), why="left")


def test_only_an_administrator_closes_an_account(cast: Cast):
    with pytest.raises(NotAllowed, match=r"'person.close' is for: administrator"):
        close_account(actor=cast.paula, user=cast.user(cast.nora), why="left")


def test_nobody_closes_their_own_account(cast: Cast):
    with pytest.raises(NotAllowed, match="nobody closes their own account"):
        close_account(actor=cast.adam, user=cast.user(cast.adam), why="left")


def test_a_closed_account_gets_no_role_and_no_reset(cast: Cast):
    close_account(actor=cast.adam, user=cast.user(cast.nora), why="left")
    with pytest.raises(Refused, match="this account is closed"):
        grant_role(actor=cast.adam, user=cast.user(cast.nora), role=Role.READER)
    with pytest.raises(WrongState, match="this account is closed; open it again"):
        reset_factor(actor=cast.adam, user=cast.user(cast.nora), why="telephone lost")


def test_an_account_opened_again_has_a_new_link_and_no_role(cast: Cast):
    close_account(actor=cast.adam, user=cast.user(cast.nora), why="left")
    link = reopen_account(actor=cast.adam, user=cast.user(cast.nora), why="came back")
    nora = cast.user(cast.nora)
    assert nora.is_active
    assert not nora.has_usable_password()
    assert get_open_invitation(link.token).user == nora
    with pytest.raises(WrongState, match="this account is open already"):
        reopen_account(actor=cast.adam, user=nora, why="again")
