"""The people of the tests, and the study they work in. Everybody is made through the product's own services."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.test import Client
from django.utils import timezone

from cohort.consent.models import ITEMS
from cohort.enrolment.models import Screening
from cohort.enrolment.services import Signing, enrol_participant, give_draw_share, open_enrolment, screen_person
from cohort.identity.sealing import Identity
from cohort.participants.models import Participant
from cohort.study.models import ConsentForm, Study
from cohort.study.services import add_approval, add_consent_form, add_site, join_site, set_up_study
from portal.accounts.models import User
from portal.audit.context import act
from portal.roles.actors import SETUP, Actor
from portal.roles.middleware import actor_of
from portal.roles.models import Membership, Role
from portal.sites.models import Site

PASSWORD = "a long enough passphrase"
LONG_AGO = date(2020, 1, 1)


def make_user(name: str, *roles: str, site: Site | None = None) -> User:
    """Add a person with these roles since long ago; the e-mail address is the first name's."""
    with act(SETUP, "house.set_up"):
        user = User.objects.create_user(f"{name.partition(' ')[0].lower()}@example.org", PASSWORD, name=name)
        for role in roles:
            Membership.objects.create(user=user, role=role, site=site, starts_on=LONG_AGO)
    return user


def act_as(name: str, *roles: str, site: Site | None = None) -> Actor:
    """Add a person and return them as an actor."""
    return actor_of(make_user(name, *roles, site=site))


def let_in(client: Client, user: AbstractBaseUser) -> Client:
    """Sign somebody in to a client of Django's, without their password; return it."""
    with act(actor_of(user), "account.sign_in"):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@dataclass
class Cast:
    """Everybody, by first name, and the study they work in: open since 30 days, at two sites."""

    study: Study
    exeter: Site
    plymouth: Site
    form: ConsentForm
    nora: Actor
    """Research nurse in Exeter."""
    nell: Actor
    """Research nurse in Plymouth."""
    paula: Actor
    """Principal investigator."""
    dan: Actor
    """Data manager."""
    carl: Actor
    cora: Actor
    """Custodians."""
    ana: Actor
    """Analyst."""
    mona: Actor
    """Monitor."""
    adam: Actor
    """Administrator."""

    def user(self, actor: Actor) -> User:
        """Return the account of one of the cast."""
        return User.objects.get(pk=actor.user_pk)


def make_cast(code: str = "wrist", origin: str = "simulated") -> Cast:
    """Set up a study as its people would, up to the opening of enrolment."""
    adam = act_as("Adam Admin", Role.ADMIN)
    paula = act_as("Paula Principal", Role.PI)
    exeter = add_site(actor=adam, name="Exeter", prefix="EXB")
    plymouth = add_site(actor=adam, name="Plymouth", prefix="PLY")
    study = set_up_study(actor=paula, code=code, title="The wrist study", origin=origin)
    for site in (exeter, plymouth):
        join_site(actor=paula, study=study, site=site, joined_on=LONG_AGO)
    approval = add_approval(
        actor=paula, study=study, committee="South West REC", reference="26/SW/0042", approved_on=days_ago(60)
    )
    form = add_consent_form(
        actor=paula, study=study, approval=approval, version="1.0", sheet_version="1.0", valid_from=days_ago(50)
    )
    carl, cora = act_as("Carl Custodian", Role.CUSTODIAN), act_as("Cora Custodian", Role.CUSTODIAN)
    for custodian in (carl, cora):
        give_draw_share(actor=custodian, study=study)
    open_enrolment(actor=paula, study=study)
    return Cast(
        study=study,
        exeter=exeter,
        plymouth=plymouth,
        form=form,
        nora=act_as("Nora Nurse", Role.NURSE, site=exeter),
        nell=act_as("Nell Nurse", Role.NURSE, site=plymouth),
        paula=paula,
        dan=act_as("Dan Data", Role.DATA_MANAGER),
        carl=carl,
        cora=cora,
        ana=act_as("Ana Analyst", Role.ANALYST),
        mona=act_as("Mona Monitor", Role.MONITOR),
        adam=adam,
    )


def days_ago(n: int) -> date:
    """Return the day n days before today, as the portal counts days."""
    return timezone.localdate() - timedelta(days=n)


FIT: dict[str, Any] = {
    "scr_source": "1",
    "scr_age": 66,
    "sex": "F",
    "scr_can_consent": True,
    "scr_can_attend": True,
    "scr_pregnant": "2",
    "scr_contrast": False,
    "scr_wrist_metal": "0",
    "scr_wrist_fx12": "0",
    "scr_avf": "0",
    "scr_weight_ok": True,
    "scr_bonedisease": False,
}
"""Answers of somebody who may take part."""


def make_screening(cast: Cast, **changes: Any) -> Screening:
    """Screen somebody in Exeter who may take part, but for the changes."""
    answers = {**FIT, "scr_date": days_ago(1), **changes}
    return screen_person(actor=cast.nora, study=cast.study, site=cast.exeter, **answers)


def make_identity(given_name: str = "Ann", born: date | None = None, **changes: Any) -> Identity:
    """Return an invented identity, 66 years old."""
    birth_date = born or days_ago(66 * 365 + 60)
    return Identity(family_name="Example", given_name=given_name, birth_date=birth_date, **changes)


def make_signing(cast: Cast, *, signed_on: date | None = None, **answers: bool | None) -> Signing:
    """Return a signing of every item, but for the answers given."""
    whole: dict[str, bool | None] = {**dict.fromkeys(ITEMS, True), **answers}
    return Signing(form=cast.form, signed_on=signed_on or timezone.localdate(), answers=whole, copy_given=True)


def make_participant(cast: Cast, given_name: str = "Ann", **answers: bool | None) -> Participant:
    """Enrol somebody in Exeter."""
    return enrol_participant(
        actor=cast.nora,
        screening=make_screening(cast),
        identity=make_identity(given_name),
        signing=make_signing(cast, **answers),
    )


@contextmanager
def hands(actor: Actor) -> Iterator[None]:
    """Write something by hand, as this actor: for rows that a test sets up and no service makes."""
    with act(actor, "house.set_up"):
        yield
