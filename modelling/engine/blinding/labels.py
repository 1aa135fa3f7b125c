"""The one form of a sealed label, and the roots that are committed to (pure).

The plaintext names the evaluation and the participant beside the value, so that two ciphertexts cannot change
places unseen; it has one length, whatever the value.
"""

from collections.abc import Iterable
from hashlib import sha256
from hmac import digest
from uuid import UUID

from portal.proof import commit, jcs, merkle

KIND = "label"
VALUES = (0, 1)


def write_label(evaluation: UUID, participant: UUID, value: int) -> commit.Opening:
    """Return the opening of one label, with fresh random bytes."""
    if value not in VALUES:
        raise ValueError("a label is 0 or 1")
    return commit.make_opening(evaluation.bytes + participant.bytes + bytes([value]))


def read_label(evaluation: UUID, participant: UUID, opening: commit.Opening) -> int:
    """Return the value of an opened label. Raises ValueError if it is another evaluation's or participant's."""
    if opening.value[:-1] != evaluation.bytes + participant.bytes or opening.value[-1] not in VALUES:
        raise ValueError("a label does not belong to the case it lies at")
    return opening.value[-1]


def name_left(evaluation: UUID, participant: UUID) -> str:
    """Return the name under which the lock lists somebody who took back any further use: a SHA-256, in hexadecimal.

    A participant's key is 122 random bits, so the name tells who it is only to those who hold the key already.
    """
    return sha256(b"trabecula.left\x00" + evaluation.bytes + participant.bytes).hexdigest()


def compute_label_root(commitments: Iterable[bytes]) -> str:
    """Return the Merkle root over the labels' commitments, in byte order, so that no order tells anything."""
    return merkle.compute_root(sorted(commitments)).hex()


def compute_split_root(salt: bytes, parts: Iterable[tuple[UUID, str]]) -> str:
    """Return the Merkle root over who was drawn into which part.

    salt: 32 random bytes as the first leaf. Without it the few possible splits of a small study could be tried.
    """
    leaves = [jcs.dumps([str(participant), part]) for participant, part in sorted(parts)]
    return merkle.compute_root([salt, *leaves]).hex()


def make_cases_salt(salt: bytes) -> bytes:
    """Return the 32 bytes that salt the cases; from the sealing's own, which stay in the vault after the reveal."""
    return sha256(b"trabecula.cases\x00" + salt).digest()


def hash_case(salt: bytes, participant: UUID, token: str) -> bytes:
    """Return the 32 bytes that stand for who has which token, in the tree of the cases. salt: as just made."""
    return digest(salt, participant.bytes + token.encode("ascii"), "sha256")


def compute_cases_root(hashes: Iterable[bytes]) -> str:
    """Return the Merkle root over all cases of the test inputs, in byte order.

    Without it the labels would be bound to people and the predictions to tokens, and nothing would bind the two.
    """
    return merkle.compute_root(sorted(hashes)).hex()


def compute_people_root(salt: bytes, participants: Iterable[UUID]) -> str:
    """Return the Merkle root over a set of people, salted as the split is."""
    return merkle.compute_root([salt, *(one.bytes for one in sorted(participants))]).hex()
