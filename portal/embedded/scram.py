"""SCRAM-SHA-256 verifiers as PostgreSQL stores them, made here so that no plain password travels in a statement.

RFC 5802 section 3 and RFC 7677; the form of the stored text: PostgreSQL 18 documentation, pg_authid.rolpassword.
Passwords here are base64url, so the SASLprep of RFC 4013 leaves them as they are.
"""

import base64
import hashlib
import hmac
import os

ITERATIONS = 4096
"""PostgreSQL's own default. The passwords carry 256 random bits: more rounds would protect nothing."""


def make_verifier(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """Return `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` for a password."""
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored_key)}:{_text(server_key)}"


def is_verifier_of(verifier: str | None, password: str) -> bool:
    """Return whether a stored verifier was made from this password (then it need not be written again)."""
    if verifier is None or not verifier.startswith("SCRAM-SHA-256$"):
        return False
    iterations, salt = verifier.split("$")[1].split(":")
    again = make_verifier(password, base64.b64decode(salt), int(iterations))
    return hmac.compare_digest(again, verifier)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
