"""Sharing a secret: any two shares give it back, one alone tells nothing of it (pure).

Each byte of the secret is the constant term of a line with a random slope over GF(256); a share is the line's
value at its own number. Field: polynomials modulo x^8 + x^4 + x^3 + x + 1, generator 3 (FIPS 197, section 4).
Source: Shamir, "How to share a secret", Communications of the ACM 22:612 (1979), with threshold 2.
"""

import secrets
from collections.abc import Mapping

THRESHOLD = 2
_POLYNOMIAL = 0x11B


def _make_tables() -> tuple[list[int], list[int]]:
    """Return (powers of 3, logarithms to the base 3) of the field."""
    powers, logarithms = [0] * 255, [0] * 256
    value = 1
    for exponent in range(255):
        powers[exponent], logarithms[value] = value, exponent
        doubled = value << 1
        value ^= doubled ^ _POLYNOMIAL if doubled & 0x100 else doubled
    return powers, logarithms


_POWERS, _LOGARITHMS = _make_tables()


def split(secret: bytes, n_shares: int = 3) -> dict[int, bytes]:
    """Return share number (from 1) → share, each as long as the secret; any two of them give the secret back."""
    if not THRESHOLD <= n_shares <= 255 or not secret:
        raise ValueError(f"a secret is split into {THRESHOLD} to 255 shares, not {n_shares}, and is not empty")
    slopes = secrets.token_bytes(len(secret))
    return {
        number: bytes(value ^ _multiply(slope, number) for value, slope in zip(secret, slopes, strict=True))
        for number in range(1, n_shares + 1)
    }


def join(shares: Mapping[int, bytes]) -> bytes:
    """Return the secret of two shares.

    Raises ValueError for fewer than two, for more (which two are meant must be said), for a number outside 1 to 255
    and for shares of different lengths. Two shares of different secrets give a third value and no error: what comes
    out is checked against the public key.
    """
    if len(shares) != THRESHOLD:
        raise ValueError(f"{THRESHOLD} shares of different numbers are wanted, found {len(shares)}")
    (one, first), (other, second) = sorted(shares.items())
    if one < 1 or other > 255 or len(first) != len(second):
        raise ValueError("shares have numbers from 1 to 255 and one length")
    # The line through both points, at zero: y1 * x2 / (x1 - x2) + y2 * x1 / (x1 - x2); in GF(256) minus is plus.
    weight_first = _divide(other, one ^ other)
    weight_second = _divide(one, one ^ other)
    return bytes(_multiply(a, weight_first) ^ _multiply(b, weight_second) for a, b in zip(first, second, strict=True))


def _multiply(a: int, b: int) -> int:
    return _POWERS[(_LOGARITHMS[a] + _LOGARITHMS[b]) % 255] if a and b else 0


def _divide(a: int, b: int) -> int:
    return _POWERS[(_LOGARITHMS[a] - _LOGARITHMS[b]) % 255] if a else 0
