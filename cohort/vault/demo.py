"""Demo custody: the custodians' cards lie on this machine, so that one visitor can be everybody. Nowhere else.

Every page that rests on such a card says so: it is not blinded against this machine's administrator.
"""

import os
from pathlib import Path
from uuid import UUID

from django.conf import settings

from cohort.vault.access import find_own_share
from cohort.vault.card import read_card, write_card
from cohort.vault.models import CustodyKey
from cohort.vault.services import register_custody_key
from cohort.vault.shares import hand_on
from portal.core.errors import Refused
from portal.proof import commit
from portal.roles.actors import Actor

WORDS = "Demo custody: not blinded against this machine's administrator."


def make_demo_card(actor: Actor) -> CustodyKey:
    """Make a card for a custodian, keep it on this machine, and register its public half."""
    _refuse_outside_demo()
    private, public = commit.make_key_pair()
    path = _path_of(actor.person_pk)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(write_card(private) + "\n")
    return register_custody_key(actor=actor, public_key=public.hex(), is_demo=True)


def has_demo_card(actor: Actor) -> bool:
    """True in a demo, for somebody whose card lies on this machine."""
    return settings.DEMO and actor.user_pk is not None and _path_of(actor.user_pk).exists()


def seal_by_demo_card(actor: Actor, evaluation_pk: UUID, one_time_key: str) -> bytes:
    """Return the actor's own share, sealed to the scorer's one-time key: what else the browser does."""
    _refuse_outside_demo()
    share = find_own_share(actor, evaluation_pk)
    if share is None or not has_demo_card(actor):
        raise Refused("you hold no share of this evaluation's key by a card on this machine")
    private = read_card(_path_of(actor.person_pk).read_text("ascii"))
    try:
        return hand_on(private, bytes(share.ciphertext), bytes.fromhex(one_time_key))
    except ValueError as error:
        raise Refused(f"the card on this machine does not open your share: {error}") from None


def _path_of(custodian_pk: UUID) -> Path:
    return Path(settings.HOME) / "demo" / "custody" / f"{custodian_pk}.card"


def _refuse_outside_demo() -> None:
    if not settings.DEMO:
        raise Refused("cards lie on the machine in a demo only: keep your card yourself")
