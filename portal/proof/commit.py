"""Commitments to small secrets, and their sealing to a key that is not on the server.

A label has very few possible values, so its bare hash would be found by trying them all. Each commitment therefore
holds 32 random bytes, and every secret is padded to one length, so that neither hash nor ciphertext tells it.
"""

import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

NONCE_BYTES = 32
PLAINTEXT_BYTES = 128
PADDED_BYTES = PLAINTEXT_BYTES - NONCE_BYTES
LONGEST_VALUE_BYTES = PADDED_BYTES - 1  # one byte marks where the padding begins
SEALED_BYTES = PLAINTEXT_BYTES + 48  # libsodium's crypto_box_SEALBYTES: a one-time public key and an authenticator

_DOMAIN = b"trabecula.commitment.v1\x00"
_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_MARK = b"\x80"  # ISO/IEC 7816-4 padding: the mark, then zeros


@dataclass(frozen=True)
class Opening:
    """What opens a commitment: the secret and its random bytes. Neither shows in repr, so neither ends in a log."""

    value: bytes = field(repr=False)
    nonce: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.nonce) != NONCE_BYTES:
            raise ValueError(f"a nonce has {len(self.nonce)} bytes, wanted {NONCE_BYTES}")
        if len(self.value) > LONGEST_VALUE_BYTES:
            raise ValueError(f"a value to commit to may have at most {LONGEST_VALUE_BYTES} bytes")


def make_opening(value: bytes) -> Opening:
    """Return the value with fresh random bytes of its own. One opening serves one commitment only."""
    return Opening(value, secrets.token_bytes(NONCE_BYTES))


def commit(kind: str, opening: Opening) -> bytes:
    """Return the 32-byte commitment to an opening.

    kind: what is committed to, such as "label" or "draw.nonce"; a commitment of one kind never opens as another.
    """
    if not _KIND.fullmatch(kind):
        raise ValueError(f"the kind of a commitment must be like 'label' or 'draw.nonce', not {kind!r}")
    return sha256(_DOMAIN + kind.encode() + b"\x00" + _to_plaintext(opening)).digest()


def verify_opening(kind: str, commitment: bytes, opening: Opening) -> bool:
    """Return whether the opening is the one that was committed to; the time taken tells nothing about the value."""
    return compare_digest(commit(kind, opening), commitment)


def make_key_pair() -> tuple[bytes, bytes]:
    """Return a fresh X25519 pair: (private key, public key), 32 bytes each."""
    private = PrivateKey.generate()
    return bytes(private), bytes(private.public_key)


def seal(public_key: bytes, opening: Opening) -> bytes:
    """Return the opening encrypted to a public key: always SEALED_BYTES long, whatever the value.

    Whoever seals cannot open again: the sender's key is made for this one message and thrown away
    (libsodium, sealed boxes).
    """
    return SealedBox(PublicKey(public_key)).encrypt(_to_plaintext(opening))


def open_sealed(private_key: bytes, sealed: bytes) -> Opening:
    """Return what was sealed to the public half of this key.

    Raises ValueError if the key is another one or the ciphertext was changed; the text never holds the value.
    """
    if len(sealed) != SEALED_BYTES:
        raise ValueError(f"a sealed opening has {len(sealed)} bytes, wanted {SEALED_BYTES}")
    try:
        plaintext = SealedBox(PrivateKey(private_key)).decrypt(sealed)
    except CryptoError as error:
        raise ValueError("a sealed opening was changed, or was sealed to another key") from error
    return _from_plaintext(plaintext)


def _to_plaintext(opening: Opening) -> bytes:
    return opening.nonce + (opening.value + _MARK).ljust(PADDED_BYTES, b"\x00")


def _from_plaintext(plaintext: bytes) -> Opening:
    value, mark, zeros = plaintext[NONCE_BYTES:].rpartition(_MARK)
    if not mark or zeros.strip(b"\x00"):
        raise ValueError("a sealed opening holds no well-formed padding")
    return Opening(value, plaintext[:NONCE_BYTES])
