"""Seal and open an identity, and compare identities by keyed digest (pure).

Sealing: XSalsa20-Poly1305 (NaCl secretbox). Digests: BLAKE2b keyed, 32 bytes. Keys are derived from one secret by
BLAKE2b with a name for each use, so that no key serves two.
"""

import hashlib
import unicodedata
from dataclasses import asdict, dataclass
from datetime import date

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from portal.proof import jcs


@dataclass(frozen=True)
class Identity:
    """A person's name, birth date and the ways to reach them. Its repr shows nothing."""

    family_name: str
    given_name: str
    birth_date: date
    hospital_number: str = ""
    phone: str = ""
    address: str = ""
    gp: str = ""

    def __repr__(self) -> str:
        return "Identity(sealed)"


def seal(identity: Identity, secret: str) -> bytes:
    """Return the sealed bytes; each sealing differs, as the nonce is random."""
    plain = jcs.dumps({**asdict(identity), "birth_date": identity.birth_date.isoformat()})
    return bytes(SecretBox(_key(secret, b"seal")).encrypt(plain))


def unseal(sealed: bytes, secret: str) -> Identity:
    """Return the identity. Raises ValueError when the key does not fit or a byte was changed."""
    try:
        found = jcs.loads(SecretBox(_key(secret, b"seal")).decrypt(sealed))
    except CryptoError:
        raise ValueError("a sealed identity cannot be opened: another key, or changed bytes") from None
    if not isinstance(found, dict):
        raise ValueError("a sealed identity holds no identity")
    fields = {name: str(value) for name, value in found.items()}
    return Identity(**{**fields, "birth_date": date.fromisoformat(fields["birth_date"])})  # type: ignore[arg-type]


def name_digest(identity: Identity, secret: str) -> str:
    """Return the keyed digest of name and birth date, blind to case, accents, hyphens and spaces."""
    words = "|".join((_folded(identity.family_name), _folded(identity.given_name), identity.birth_date.isoformat()))
    return _digest(words, secret, b"name")


def number_digest(identity: Identity, secret: str) -> str:
    """Return the keyed digest of the hospital number; empty where there is none."""
    number = _folded(identity.hospital_number)
    return _digest(number, secret, b"number") if number else ""


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if character.isalnum())


def _digest(words: str, secret: str, use: bytes) -> str:
    return hashlib.blake2b(words.encode(), key=_key(secret, use), digest_size=32).hexdigest()


def _key(secret: str, use: bytes) -> bytes:
    return hashlib.blake2b(secret.encode(), person=b"trab.ident", salt=use, digest_size=32).digest()
