"""What people do with the vault: register their key, ask the scorer, hand on a share.

The scorer's own work is not here: it runs in a process of its own (serving.py).
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from cohort.vault.access import WEB, find_open_request
from cohort.vault.card import fingerprint_of
from cohort.vault.models import CustodyKey, GivenShare, Request, RequestKind, RequestState, SealedShare
from portal.audit.context import name_subject, service
from portal.audit.record import append_to_ledger
from portal.audit.ties import COOLING, is_tied
from portal.core.errors import Refused, StaleState
from portal.proof.commit import SEALED_BYTES
from portal.roles.actors import Actor
from portal.roles.policy import require

GIVEN_ALREADY = "you have given your share already; another custodian must give theirs"


@service("custody.register")
def register_custody_key(*, actor: Actor, public_key: str, is_demo: bool = False) -> CustodyKey:
    """Register the public half of a custodian's key; an older one is retired and opens what was sealed to it still.

    public_key: X25519, 64 lower-case hexadecimal digits.
    """
    require(actor, "custody.register")
    if len(public_key) != 64 or public_key.strip("0123456789abcdef"):
        raise Refused("a public key has 64 hexadecimal digits")
    if CustodyKey.objects.filter(public_key=public_key).exists():
        raise Refused("this key is registered already: make a new card")
    now = timezone.now()
    CustodyKey.objects.filter(custodian_id=actor.person_pk, retired_at=None).update(retired_at=now)
    key = CustodyKey.objects.create(
        custodian_id=actor.person_pk, public_key=public_key, is_demo=is_demo, registered_at=now
    )
    append_to_ledger(
        "custody.registered",
        {"custodian": str(actor.person_pk), "public_key": public_key, "is_demo": is_demo},
    )
    name_subject(fingerprint_of(bytes.fromhex(public_key)))
    return key


def ask_scorer(actor: Actor, evaluation_pk: UUID, kind: RequestKind) -> Request:
    """Ask the scorer for something, inside the service that decides on it; asking twice gives the same request."""
    found = find_open_request(evaluation_pk, kind)
    if found is not None:
        return found
    return Request.objects.using(WEB).create(
        evaluation_id=evaluation_pk, kind=kind, asked_by=actor.user_pk, asked_at=timezone.now()
    )


def take_share(actor: Actor, request: Request, ciphertext: bytes, one_time_key: str) -> GivenShare:
    """Keep a custodian's share, sealed to the scorer's key of this moment, inside the service that decides on it.

    Raises StaleState where the scorer has another key by now, Refused for somebody without a share, for a second
    share of the same person, and for two who count as one person.
    """
    if request.state != RequestState.READY or not request.one_time_key:
        raise Refused("the scorer is not ready for shares yet; look again in a moment")
    if one_time_key != request.one_time_key:
        raise StaleState("the scorer was started anew and has another key: load the page again and give your share")
    if len(ciphertext) != SEALED_BYTES:
        raise Refused(f"a sealed share has {SEALED_BYTES} bytes, not {len(ciphertext)}")
    own = SealedShare.objects.using(WEB).filter(evaluation_id=request.evaluation_id, custodian_id=actor.person_pk)
    if not own.exists():
        raise Refused("you hold no share of this evaluation's key")
    given = list(GivenShare.objects.using(WEB).filter(request_id=request.pk, one_time_key=one_time_key))
    if any(one.custodian_id == actor.person_pk for one in given):
        raise Refused(GIVEN_ALREADY)
    _refuse_tied(actor, [one.custodian_id for one in given])
    try:
        return GivenShare.objects.using(WEB).create(
            request_id=request.pk,
            custodian_id=actor.person_pk,
            one_time_key=one_time_key,
            ciphertext=ciphertext,
            given_at=timezone.now(),
        )
    except IntegrityError:
        # A second click reached the database beside the first.
        raise Refused(GIVEN_ALREADY) from None


def _refuse_tied(actor: Actor, others: Sequence[UUID]) -> None:
    now = timezone.now()
    if any(is_tied(actor.person_pk, other, now) for other in others):
        raise Refused(
            f"one of you let the other in within the last {COOLING.days} days, so the two count as one person: "
            "wait, or ask another custodian"
        )
