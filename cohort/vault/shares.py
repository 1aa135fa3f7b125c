"""A custodian's share of a sealing key: what it holds, how it is sealed and handed on (pure).

A share travels as a `portal.proof.commit` opening: number, 32 bytes, and the evaluation it belongs to, so that a
share of another evaluation cannot be played again. The browser opens the box and seals the same bytes anew; it
needs to know nothing of what is inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from cohort.vault import shamir
from portal.proof import commit

KIND = "share"
KEY_BYTES = 32


@dataclass(frozen=True)
class SealedShare:
    """One share as it is stored: to whom by number, its ciphertext, and the commitment that tells a wrong one."""

    number: int
    ciphertext: bytes = field(repr=False)
    commitment: bytes


class WrongShare(ValueError):
    """What a custodian handed on is not the share that was sealed for them."""


def seal_shares(evaluation: UUID, private_key: bytes, custody_keys: Mapping[int, bytes]) -> list[SealedShare]:
    """Split a sealing key and seal each share to its custodian.

    custody_keys: share number (from 1, without gaps) → the custodian's public key.
    """
    if sorted(custody_keys) != list(range(1, len(custody_keys) + 1)):
        raise ValueError("the shares are numbered from 1 without gaps")
    sealed = []
    for number, share in shamir.split(private_key, len(custody_keys)).items():
        opening = commit.make_opening(bytes([number]) + share + evaluation.bytes)
        box = commit.seal(custody_keys[number], opening)
        sealed.append(SealedShare(number, box, commit.commit(KIND, opening)))
    return sealed


def hand_on(private_custody_key: bytes, ciphertext: bytes, one_time_key: bytes) -> bytes:
    """Return a share sealed anew, to the scorer's one-time key: what a custodian's browser does.

    Raises ValueError if the custody key is not the one the share was sealed to.
    """
    return commit.seal(one_time_key, commit.open_sealed(private_custody_key, ciphertext))


def read_share(evaluation: UUID, one_time_private_key: bytes, handed_on: bytes, sealed: SealedShare) -> bytes:
    """Return the 32 bytes of a share that was handed on.

    Raises WrongShare if it was sealed to another key, belongs to another evaluation or is not the promised one.
    """
    try:
        opening = commit.open_sealed(one_time_private_key, handed_on)
    except ValueError as error:
        raise WrongShare("a share was changed, or was sealed to another key than the scorer's") from error
    if not commit.verify_opening(KIND, sealed.commitment, opening):
        raise WrongShare("a share is not the one that was sealed for its custodian")
    if opening.value[0] != sealed.number or opening.value[1 + KEY_BYTES :] != evaluation.bytes:
        raise WrongShare("a share belongs to another evaluation")
    return opening.value[1 : 1 + KEY_BYTES]
