"""Keys derived from the one secret of de-identification, a name for each use, so that no key serves two (pure).

HMAC-SHA256 as a key-derivation function (RFC 5869, section 2.3, one block).
"""

import hashlib
import hmac
import uuid

LONGEST_SHIFT_DAYS = 730


def study_key_hex(secret: str, study_pk: uuid.UUID) -> str:
    """Return the key by which new UIDs of a study are made: repeatable within it, unlike any other study's."""
    return _derive(secret, f"uid|{study_pk}").hex()


def date_shift_days(secret: str, study_pk: uuid.UUID, participant_pk: uuid.UUID) -> int:
    """Return by how many days every date of a person is shifted in de-identified copies: -730 to -1.

    The same for all of a person's dates, so that intervals stay true; another for each person.
    """
    number = int.from_bytes(_derive(secret, f"dates|{study_pk}|{participant_pk}")[:8], "big")
    return -(1 + number % LONGEST_SHIFT_DAYS)


def originals_key(secret: str) -> bytes:
    """Return the 32 bytes that originals are encrypted with."""
    return _derive(secret, "originals")


def _derive(secret: str, use: str) -> bytes:
    return hmac.new(secret.encode(), f"trabecula|imaging|{use}".encode(), hashlib.sha256).digest()
