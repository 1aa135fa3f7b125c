"""The one form of a sealed label, and the roots that are committed to (pure).

The plaintext names the evaluation and the participant beside the value, so that two ciphertexts cannot change
places unseen; it has one length, whatever the value.
"""

from collections.abc import Iterable
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


def compute_label_root(commitments: Iterable[bytes]) -> str:
    """Return the Merkle root over the labels' commitments, in byte order, so that no order tells anything."""
    return merkle.compute_root(sorted(commitments)).hex()


def compute_split_root(salt: bytes, parts: Iterable[tuple[UUID, str]]) -> str:
    """Return the Merkle root over who was drawn into which part.

    salt: 32 random bytes as the first leaf. Without it the few possible splits of a small study could be tried.
    """
    leaves = [jcs.dumps([str(participant), part]) for participant, part in sorted(parts)]
    return merkle.compute_root([salt, *leaves]).hex()


def compute_people_root(salt: bytes, participants: Iterable[UUID]) -> str:
    """Return the Merkle root over a set of people, salted as the split is."""
    return merkle.compute_root([salt, *(one.bytes for one in sorted(participants))]).hex()
