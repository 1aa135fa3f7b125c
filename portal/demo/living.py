"""What months of a clinic leave behind: visits of every state, images with their mishaps, consents renewed and ended.

Everything is brought in through the portal's own doors by several nurses at once, while the phantoms are made.
"""

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.db import connections

from cohort.consent.models import ITEMS, Level
from cohort.consent.services import give_consent, withdraw_consent
from cohort.imaging.models import Modality, Series
from cohort.imaging.quality import Motion, set_quality
from cohort.participants.models import Participant, Visit
from cohort.quality.services import raise_query
from cohort.study.models import ConsentForm
from portal.accounts.models import User
from portal.demo.door import Door
from portal.demo.invented import Invented, Made, Wish, make_all
from portal.demo.study import CODE, days_ago
from portal.demo.visiting import begin_form, bring_history, bring_imaging
from portal.roles.actors import Actor
from portal.roles.middleware import actor_of

NURSE_OF = {"EXB": "nora@demo.example", "PLY": "nell@demo.example"}
N_NURSES = 3
"""How many visits are entered at the same time."""


@dataclass(frozen=True)
class Roles:
    """Who of the demo's participants shows what. Codes; everybody else has a whole baseline."""

    due: frozenset[str]
    half_entered: frozenset[str]
    without_images: frozenset[str]
    wrong_side: frozenset[str]
    motion: frozenset[str]


def cast(codes: list[str]) -> Roles:
    """Give the participants of the Exeter site their parts, oldest enrolment first.

    Fewer than ten people play fewer parts.
    """
    exeter = [code for code in codes if code.startswith("EXB")]
    newest = exeter[::-1] + [""] * 6
    return Roles(
        due=frozenset({newest[0], newest[1]} - {""}),
        half_entered=frozenset({newest[2]} - {""}),
        without_images=frozenset({newest[3]} - {""}),
        wrong_side=frozenset({newest[4]} - {""}),
        motion=frozenset({newest[5]} - {""}),
    )


def bring_everybody(url: str, people: Mapping[str, Invented], folder: Path, say: Callable[[int, int], None]) -> None:
    """Make everybody's images and bring everybody's baseline in. say: called with (done, total)."""
    roles = cast(list(people))
    wishes = [
        Wish(one, folder / code, wrong_side=code in roles.wrong_side)
        for code, one in people.items()
        if code not in roles.due
    ]
    code_of = {one.number: code for code, one in people.items()}
    doors = {site: [_open(url, email) for _ in range(N_NURSES)] for site, email in NURSE_OF.items()}
    with ThreadPoolExecutor(N_NURSES) as nurses:
        under_way: list[Future[None]] = []
        for number, made in enumerate(make_all(wishes, 2)):
            code = code_of[made.one.number]
            door = doors[code[:3]][number % N_NURSES]
            under_way.append(nurses.submit(_bring, door, code, made, roles))
        for done, one in enumerate(under_way, start=1):
            one.result()
            say(done, len(under_way))
    shutil.rmtree(folder, ignore_errors=True)


def leave_mishaps(people: Mapping[str, Invented]) -> None:
    """Grade a moved pQCT, so that a repeat is asked for."""
    for series in Series.objects.filter(
        participant__code__in=cast(list(people)).motion, modality=Modality.PQCT
    ).select_related("participant"):
        radiographer = actor_of(User.objects.get(email="rafael@demo.example"))
        set_quality(
            actor=radiographer,
            series=series,
            motion_grade=Motion.SEVERE,
            note="The arm moved: streaks across both bones.",
        )


def ask_a_question(people: Mapping[str, Invented]) -> None:
    """Let the data manager ask about an answer that looks odd; the nurse of the site has not answered yet."""
    code = next(code for code in people if code.startswith("EXB"))
    raise_query(
        actor=actor_of(User.objects.get(email="dan@demo.example")),
        visit=Visit.objects.get(participant__code=code, code="BL"),
        form="ant",
        variable="weight_25",
        text="Weight at 25 was asked in stones on the paper form. Was it converted?",
    )


def renew_and_end_consents(people: Mapping[str, Invented]) -> None:
    """Let most sign the newer form, leave some due, and let one person withdraw at each level."""
    form = ConsentForm.objects.get(study__code=CODE, version="2.0")
    found = {one.code: one for one in Participant.objects.filter(code__in=people)}
    older = [code for code, one in people.items() if one.day < form.valid_from]
    for code in older[: -max(len(older) // 8, 1)]:
        participant = found[code]
        before = participant.consents.get(state="given")
        answers = {item: getattr(before, item) for item in ITEMS}
        give_consent(
            actor=_nurse(code),
            participant=participant,
            form=form,
            signed_on=max(form.valid_from, before.signed_on),
            answers=answers,
            copy_given=True,
        )
    exeter = [code for code in people if code.startswith("EXB")]
    for level, code in zip(Level, exeter[2:], strict=False):
        withdraw_consent(
            actor=_nurse(code), participant=found[code], level=level, withdrawn_on=days_ago(5), why="by telephone"
        )


def _bring(door: Door, code: str, made: Made, roles: Roles) -> None:
    try:
        if code in roles.half_entered:
            bring_history(door, code, made, ("dem",))
            begin_form(door, code, "BL", "ant", {"ht1": 164.0, "ht2": 164.2})
            return
        bring_history(door, code, made)
        if code in roles.without_images:
            return
        bring_imaging(door, code, made)
    finally:
        connections.close_all()


def _open(url: str, email: str) -> Door:
    door = Door(url)
    door.sign_in(User.objects.get(email=email).pk)
    return door


def _nurse(code: str) -> Actor:
    return actor_of(User.objects.get(email=NURSE_OF[code[:3]]))
