"""Digests of bytes and files, always SHA-256 in lower-case hexadecimal (FIPS 180-4)."""

import hashlib
from pathlib import Path

CHUNK = 1 << 20


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file without holding it in memory."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
