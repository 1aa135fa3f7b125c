"""Make the demo's simulated study: every row through the services that people use, each with its own actor."""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from cohort.consent.models import ITEMS
from cohort.enrolment.models import Screening
from cohort.enrolment.services import (
    Signing,
    completed_years,
    decline_screening,
    enrol_participant,
    give_draw_share,
    open_enrolment,
    screen_person,
)
from cohort.identity.sealing import Identity
from cohort.participants.models import Participant
from cohort.study.models import ConsentForm, Origin, Study
from cohort.study.services import add_approval, add_consent_form, add_device, join_site, set_up_study
from portal.accounts.models import User
from portal.audit.context import act
from portal.demo.invented import SEED, Invented, invent
from portal.demo.people import DEVICES, SITES, STAFF
from portal.roles.actors import SETUP, Actor
from portal.roles.middleware import actor_of
from portal.roles.models import Membership
from portal.sites.models import Site

CODE = "sim-wrist"
MIN_AGE = 50
DAYS_OPEN = 256
"""The demo's enrolment is spread over this many days up to today; the first follow-ups are overdue by then."""

FIT: dict[str, Any] = {
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


@dataclass(frozen=True)
class Demo:
    """What the demo is made of while it is made."""

    study: Study
    sites: dict[str, Site]
    actors: dict[str, Actor]
    form: ConsentForm


def make_demo(n_participants: int, say: Callable[[int, int], None]) -> dict[str, Invented]:
    """Make staff, study and participants; return code → who was invented. Where they are already, nothing changes.

    say: called with (done, total) while people are enrolled.
    """
    if Study.objects.filter(code=CODE).exists():
        return {}
    _add_staff()
    demo = _set_up()
    dice = random.Random(SEED)
    people = {}
    for done, one in enumerate(_invent(n_participants), start=1):
        people[_enrol_somebody(demo, dice, one).code] = one
        say(done, n_participants)
    _leave_things_waiting(demo)
    return people


def _invent(n: int) -> Iterator[Invented]:
    """Yield the people who are enrolled: those of the phantom's world who are old enough on their day."""
    candidates = itertools.count()
    for number, day in enumerate(_enrolment_days(n), start=1):
        for index in candidates:
            one = invent(number, index, day)
            if completed_years(one.born_on, day) >= MIN_AGE:
                yield one
                break


def _add_staff() -> None:
    with act(SETUP, "house.set_up", why="demo"):
        sites = {prefix: Site.objects.create(name=name, prefix=prefix) for name, prefix in SITES}
        for one in STAFF:
            user = User.objects.create_user(one.email, None, name=one.name)
            Membership.objects.create(
                user=user, role=one.role, site=sites.get(one.site), starts_on=days_ago(DAYS_OPEN + 60)
            )


def _set_up() -> Demo:
    actors = {one.key: actor_of(User.objects.get(email=one.email)) for one in STAFF}
    sites = {site.prefix: site for site in Site.objects.all()}
    paula = actors["paula"]
    study = set_up_study(
        actor=paula, code=CODE, title="Simulated wrist study", origin=Origin.SIMULATED, target_participants=100
    )
    for site in sites.values():
        join_site(actor=paula, study=study, site=site, joined_on=days_ago(DAYS_OPEN + 30))
    approval = add_approval(
        actor=paula,
        study=study,
        committee="Simulated research ethics committee",
        reference="SIM/26/0001",
        approved_on=days_ago(DAYS_OPEN + 40),
    )
    form = add_consent_form(
        actor=paula,
        study=study,
        approval=approval,
        version="1.0",
        sheet_version="1.0",
        valid_from=days_ago(DAYS_OPEN + 20),
    )
    for prefix, kind, maker, model, serial in DEVICES:
        add_device(
            actor=paula,
            site=sites[prefix],
            kind=kind,
            maker=maker,
            model=model,
            serial=serial,
            in_use_from=days_ago(DAYS_OPEN + 30),
        )
    for name in ("carl", "cora"):
        give_draw_share(actor=actors[name], study=study)
    open_enrolment(actor=paula, study=study)
    return Demo(study, sites, actors, form)


def _enrolment_days(n: int) -> Iterator[date]:
    """Yield a day for each enrolment, oldest first, spread over the time the demo is open."""
    for number in range(n):
        yield days_ago(DAYS_OPEN - round(number * DAYS_OPEN / max(n - 1, 1)))


def _enrol_somebody(demo: Demo, dice: random.Random, one: Invented) -> Participant:
    prefix = "EXB" if dice.random() < 0.6 else "PLY"
    nurse = demo.actors["nora" if prefix == "EXB" else "nell"]
    screening = _screen(demo, nurse, prefix, one.sex, completed_years(one.born_on, one.day), one.day)
    answers: dict[str, bool | None] = dict.fromkeys(ITEMS, True)
    # Not everybody agrees to everything: the later items are declined now and then.
    for item in ("con_i_commercial", "con_i_link", "con_i_recontact", "con_i_ai"):
        answers[item] = dice.random() < 0.9
    return enrol_participant(
        actor=nurse,
        screening=screening,
        identity=Identity(
            family_name=one.family,
            given_name=one.given,
            birth_date=one.born_on,
            hospital_number=one.hospital_number,
        ),
        signing=Signing(form=demo.form, signed_on=one.day, answers=answers, copy_given=True),
    )


def _screen(demo: Demo, nurse: Actor, prefix: str, sex: str, age: int, day: date, **changes: Any) -> Screening:
    return screen_person(
        actor=nurse,
        study=demo.study,
        site=demo.sites[prefix],
        scr_source="1",
        scr_age=age,
        sex=sex,
        scr_date=day,
        **{**FIT, **changes},
    )


def _leave_things_waiting(demo: Demo) -> None:
    """Leave what a day in a clinic leaves: somebody to enrol, somebody deferred, refused, declined; a newer form."""
    nora, nell = demo.actors["nora"], demo.actors["nell"]
    _screen(demo, nora, "EXB", "F", 71, days_ago(1))
    _screen(demo, nora, "EXB", "M", 64, days_ago(2))
    _screen(demo, nell, "PLY", "F", 58, days_ago(1))
    _screen(demo, nora, "EXB", "F", 69, days_ago(16), scr_contrast=True)
    _screen(demo, nora, "EXB", "F", 47, days_ago(9))
    _screen(demo, nell, "PLY", "M", 77, days_ago(8), scr_wrist_metal="3")
    declined = _screen(demo, nora, "EXB", "F", 81, days_ago(12))
    decline_screening(actor=nora, screening=declined)
    add_consent_form(
        actor=demo.actors["paula"],
        study=demo.study,
        approval=demo.form.approval,
        version="2.0",
        sheet_version="2.0",
        valid_from=days_ago(3),
    )


def days_ago(n: int) -> date:
    return timezone.localdate() - timedelta(days=n)
