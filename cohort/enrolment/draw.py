"""The order of the draw: permuted blocks whose order nobody can know before, and anybody can check after (pure).

In each block of ten of a stratum, a fixed number are test. The ten places are ranked by
HMAC-SHA-256(seed, stratum, block, place); the lowest ranks are test. The seed comes from two custodians, each of
whom committed to a nonce before either was known, so neither could choose it (TRUST 1.4).
"""

import hashlib
import hmac
from collections.abc import Sequence

from portal.proof import jcs

AGE_BANDS = ((0, 59, "50-59"), (60, 69, "60-69"), (70, 79, "70-79"), (80, 200, "80+"))


def make_seed(protocol_sha256: str, nonces: Sequence[bytes]) -> bytes:
    """Return the 32-byte seed: SHA-256(protocol digest || nonce A || nonce B), the nonces in byte order."""
    if len(nonces) != 2 or nonces[0] == nonces[1]:
        raise ValueError("the seed needs the nonces of two custodians")
    if any(len(nonce) != 32 for nonce in nonces):
        raise ValueError("a nonce has 32 bytes")
    return hashlib.sha256(bytes.fromhex(protocol_sha256) + b"".join(sorted(nonces))).digest()


def make_stratum(site_prefix: str, sex: str, age_years: int) -> str:
    """Return site, sex and age band as one word; the label is never part of it."""
    band = next(name for low, high, name in AGE_BANDS if low <= age_years <= high)
    return f"{site_prefix}/{sex}/{band}"


def is_test(seed: bytes, stratum: str, position: int, n_test_per_block: int, block_size: int = 10) -> bool:
    """Return whether the person at a position (0 for the first) of a stratum is drawn into the test set."""
    block, place = divmod(position, block_size)
    return place in list_test_places(seed, stratum, block, n_test_per_block, block_size)


def list_test_places(
    seed: bytes, stratum: str, block: int, n_test_per_block: int, block_size: int = 10
) -> frozenset[int]:
    """Return which places (0 for the first) of a block of a stratum are test."""
    order = sorted(range(block_size), key=lambda one: _rank(seed, stratum, block, one))
    return frozenset(order[:n_test_per_block])


def _rank(seed: bytes, stratum: str, block: int, place: int) -> bytes:
    message = jcs.dumps({"stratum": stratum, "block": block, "place": place})
    return hmac.new(seed, message, hashlib.sha256).digest()
