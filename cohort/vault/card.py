"""A custodian's card: the private half of their custody key as a person can print, keep and type it (pure).

52 letters and digits of base32 (RFC 4648) in groups of four, and a word that tells a slip of the pen: the first
16 bits of the key's SHA-256 as five letters in turn consonant and vowel (Wilkerson, "Proquints", 2009).
`frontend/static/js/custody.js` writes and reads the same; a test holds the two together.
"""

import base64
import re
from hashlib import sha256

from nacl.public import PrivateKey

KEY_BYTES = 32
_GROUP = 4
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"


def write_card(private_key: bytes) -> str:
    """Return the card of a private key: 13 groups and the word."""
    if len(private_key) != KEY_BYTES:
        raise ValueError(f"a custody key has {KEY_BYTES} bytes, not {len(private_key)}")
    letters = base64.b32encode(private_key).decode().rstrip("=")
    groups = [letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP)]
    return " ".join([*groups, make_word(private_key)])


def read_card(text: str) -> bytes:
    """Return the private key of a card; spaces, dashes and small letters are free.

    Raises ValueError where the card is not whole or its word does not fit; the text never quotes the card.
    """
    letters = re.sub(r"[\s-]+", "", text)
    whole, word = letters[:52].upper(), letters[52:].lower()
    if not re.fullmatch(r"[A-Z2-7]{52}", whole):
        raise ValueError("the card is not whole: 13 groups of four letters or digits 2 to 7 are wanted")
    private_key = base64.b32decode(whole + "====")
    if word != make_word(private_key):
        raise ValueError("the word of the card does not fit its groups: something was mistyped")
    return private_key


def make_word(private_key: bytes) -> str:
    """Return the word that tells a slip of the pen."""
    bits = int.from_bytes(sha256(private_key).digest()[:2], "big")
    return "".join(
        (
            _CONSONANTS[bits >> 12 & 15],
            _VOWELS[bits >> 10 & 3],
            _CONSONANTS[bits >> 6 & 15],
            _VOWELS[bits >> 4 & 3],
            _CONSONANTS[bits & 15],
        )
    )


def public_key_of(private_key: bytes) -> bytes:
    """Return the public half of an X25519 key, 32 bytes."""
    return bytes(PrivateKey(private_key).public_key)


def fingerprint_of(public_key: bytes) -> str:
    """Return the first 16 hexadecimal digits of a public key's SHA-256, in groups of four: read out over a phone."""
    digits = sha256(public_key).hexdigest()[:16]
    return " ".join(digits[at : at + _GROUP] for at in range(0, 16, _GROUP))
