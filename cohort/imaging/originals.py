"""Originals of accepted files: encrypted, kept for a while, then deleted (DECISIONS 6, "Originals").

A file is sealed in pieces of 4 MiB by XSalsa20-Poly1305 (NaCl secretbox). The nonce of a piece is 15 random bytes of
the file, the piece's number (8 bytes) and whether it is the last, so pieces can be neither lost, swapped nor added.
"""

import os
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from cohort.imaging.keys import originals_key
from portal.core.errors import UnreadableFile
from portal.core.storage import make_private_folder, sync_folder

PIECE = 4 << 20
OVERHEAD = 16
PREFIX = 15


def originals_folder() -> Path:
    """Return the folder of encrypted originals."""
    return Path(settings.HOME) / "originals"


def path_of(file_pk: uuid.UUID) -> Path:
    """Return where the original of an uploaded file lies."""
    return originals_folder() / str(file_pk)


def keep_original(source: Path, file_pk: uuid.UUID) -> None:
    """Encrypt a file into the folder of originals; doing it again replaces what lies there."""
    box = SecretBox(originals_key(settings.DEID_KEY))
    final = path_of(file_pk)
    make_private_folder(final.parent)
    part = final.with_name(f".{file_pk}.part")
    part.unlink(missing_ok=True)
    prefix = secrets.token_bytes(PREFIX)
    with source.open("rb") as plain, open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sealed:
        sealed.write(prefix)
        for number, piece, is_last in _pieces(plain, PIECE):
            sealed.write(box.encrypt(piece, _nonce(prefix, number, is_last)).ciphertext)
        sealed.flush()
        os.fsync(sealed.fileno())
    os.rename(part, final)
    sync_folder(final.parent)


def read_original(file_pk: uuid.UUID) -> Iterator[bytes]:
    """Yield the plain bytes of an original. Raises UnreadableFile where it is gone, or was changed."""
    box = SecretBox(originals_key(settings.DEID_KEY))
    try:
        sealed = path_of(file_pk).open("rb")
    except FileNotFoundError:
        raise UnreadableFile(f"the original of file {str(file_pk)[:8]} is no longer kept") from None
    with sealed:
        prefix = sealed.read(PREFIX)
        for number, piece, is_last in _pieces(sealed, PIECE + OVERHEAD):
            try:
                yield box.decrypt(piece, _nonce(prefix, number, is_last))
            except CryptoError:
                raise UnreadableFile(
                    f"the original of file {str(file_pk)[:8]} cannot be opened: another key, or changed bytes"
                ) from None


def drop_original(file_pk: uuid.UUID) -> None:
    """Delete an original, if it is there."""
    path_of(file_pk).unlink(missing_ok=True)


def _pieces(stream: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield each piece with its number and whether it is the last; an empty file is one empty piece."""
    number, piece = 0, stream.read(size)
    while True:
        following = stream.read(size)
        yield number, piece, not following
        if not following:
            return
        number, piece = number + 1, following


def _nonce(prefix: bytes, number: int, is_last: bool) -> bytes:
    return prefix + number.to_bytes(8, "big") + bytes([is_last])
