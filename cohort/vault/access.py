"""What pages may know of the vault: keys, requests, and each custodian's own ciphertext. Never a label."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from cohort.vault.models import (
    OPEN_STATES,
    CustodyKey,
    GivenShare,
    Request,
    RequestKind,
    ScoreSheet,
    SealedShare,
    SealingKey,
)
from portal.roles.actors import Actor

WEB = "default"
"""These tables speak to the web's own role; their rights stand in the migrations."""


def list_custody_keys() -> QuerySet[CustodyKey]:
    """Return the keys in use, with their custodians."""
    return CustodyKey.objects.filter(retired_at=None).select_related("custodian")


def find_own_key(actor: Actor) -> CustodyKey | None:
    """Return the actor's key in use."""
    return list_custody_keys().filter(custodian_id=actor.person_pk).first() if actor.is_known else None


def find_sealing_key(evaluation_pk: UUID) -> SealingKey | None:
    """Return the public key an evaluation's labels are sealed to, once the scorer made it."""
    return SealingKey.objects.using(WEB).filter(evaluation_id=evaluation_pk).first()


def find_open_request(evaluation_pk: UUID, kind: RequestKind) -> Request | None:
    """Return what the scorer is asked for and has not answered yet."""
    return Request.objects.using(WEB).filter(evaluation_id=evaluation_pk, kind=kind, state__in=OPEN_STATES).first()


def find_last_request(evaluation_pk: UUID, kind: RequestKind) -> Request | None:
    """Return the newest request of a kind, whatever became of it."""
    return Request.objects.using(WEB).filter(evaluation_id=evaluation_pk, kind=kind).order_by("-asked_at").first()


def find_own_share(actor: Actor, evaluation_pk: UUID) -> SealedShare | None:
    """Return the actor's own share, sealed to the actor's card; another's is never handed out."""
    return SealedShare.objects.using(WEB).filter(evaluation_id=evaluation_pk, custodian_id=actor.person_pk).first()


def list_share_holders(evaluation_pk: UUID) -> list[UUID]:
    """Return who holds a share, by number."""
    found = SealedShare.objects.using(WEB).filter(evaluation_id=evaluation_pk).order_by("number")
    return list(found.values_list("custodian_id", flat=True))


def list_givers(request: Request) -> list[UUID]:
    """Return who has given a share to the scorer's key of this moment."""
    found = GivenShare.objects.using(WEB).filter(request_id=request.pk, one_time_key=request.one_time_key)
    return list(found.values_list("custodian_id", flat=True)) if request.one_time_key else []


def find_score_sheet(evaluation_pk: UUID) -> ScoreSheet | None:
    """Return the score sheet; before the reveal the database shows none."""
    return ScoreSheet.objects.using(WEB).filter(evaluation_id=evaluation_pk).first()


def list_keys_of(custodians: Sequence[UUID]) -> dict[UUID, CustodyKey]:
    """Return custodian → key in use."""
    return {one.custodian_id: one for one in list_custody_keys().filter(custodian_id__in=custodians)}
