"""A file encrypted as it is written: pieces of 1 MiB, each authenticated in its place, the last one marked as the last.

    magic (20 bytes) · fingerprint of the key (16) · header (24) · pieces, each 17 bytes longer than its plain text

XChaCha20-Poly1305 as libsodium's `crypto_secretstream` chains it: a piece changed, lost, added or out of its place is
noticed, and so is a file cut short, for its last piece is missing then. Never is more than one piece in memory.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from nacl import bindings
from nacl.exceptions import RuntimeError as Unauthentic

from portal.embedded.errors import BackupRefused

State = bindings.crypto_secretstream_xchacha20poly1305_state
make_key = bindings.crypto_secretstream_xchacha20poly1305_keygen
init_push = bindings.crypto_secretstream_xchacha20poly1305_init_push
init_pull = bindings.crypto_secretstream_xchacha20poly1305_init_pull
push = bindings.crypto_secretstream_xchacha20poly1305_push
pull = bindings.crypto_secretstream_xchacha20poly1305_pull
MESSAGE = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
TAG_BYTES = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
HEADER_BYTES = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES

MAGIC = b"trabecula backup 2\n\0"
FINGERPRINT_BYTES = 16
PIECE_BYTES = 1024 * 1024
TAR_MARK, TAR_MARK_AT = b"ustar", 257
"""POSIX.1-1988: where a tar says that it is one. Backups of format 1 were tars in plain text."""


def fingerprint(key: bytes) -> bytes:
    """Return what a file says of its key: enough to tell a wrong one, nothing to find the right one by."""
    return hashlib.sha256(b"trabecula backup key\0" + key).digest()[:FINGERPRINT_BYTES]


class Sealer:
    """Encrypts what is written to it; `finish` must be called, or the file is one cut short."""

    def __init__(self, target: IO[bytes], key: bytes) -> None:
        self._target, self._state, self._held = target, State(), bytearray()
        self._about = MAGIC + fingerprint(key)
        target.write(self._about + init_push(self._state, key))

    def write(self, content: bytes) -> int:
        """Take any number of bytes."""
        self._held += content
        # The last piece is written by `finish`, so one is always held back.
        while len(self._held) > PIECE_BYTES:
            self._push(bytes(self._held[:PIECE_BYTES]), MESSAGE)
            del self._held[:PIECE_BYTES]
        return len(content)

    def finish(self) -> None:
        """Write the last piece, marked as such."""
        self._push(bytes(self._held), FINAL)
        self._held.clear()

    def _push(self, piece: bytes, tag: int) -> None:
        self._target.write(push(self._state, piece, self._about, tag))


class Opener:
    """Gives back what was encrypted, piece by piece. Raises BackupRefused at the first piece that is not as it was."""

    def __init__(self, path: Path, source: IO[bytes], key: bytes) -> None:
        self._path, self._source, self._state = path, source, State()
        self._about = MAGIC + fingerprint(key)
        self._held, self._at, self._is_over = b"", 0, False
        found = source.read(len(self._about) + HEADER_BYTES)
        if len(found) < len(self._about) + HEADER_BYTES:
            raise BackupRefused(f"{path} ends after {len(found)} bytes: it was cut short")
        stated = found[len(MAGIC) : len(self._about)]
        if stated != fingerprint(key):
            raise BackupRefused(
                f"the keys belong to another backup than {path}: it was made with the key {stated.hex()[:8]}…, "
                f"and theirs is {fingerprint(key).hex()[:8]}…"
            )
        init_pull(self._state, found[len(self._about) :], key)
        self._offset = len(found)

    def read(self, size: int = -1) -> bytes:
        """Return exactly that many bytes, fewer only at the end; all that is left for -1."""
        wanted = []
        left = size
        while left != 0 and (self._at < len(self._held) or self._next_piece()):
            end = len(self._held) if left < 0 else self._at + left
            part = self._held[self._at : end]
            self._at += len(part)
            left -= len(part) if left > 0 else 0
            wanted.append(part)
        return b"".join(wanted)

    def read_to_the_end(self) -> None:
        """Read on until the last piece, so that whatever was added or cut off there is noticed too."""
        while self._next_piece():
            pass

    def _next_piece(self) -> bool:
        """Decrypt one more piece; False after the last."""
        if self._is_over:
            return False
        sealed = self._source.read(PIECE_BYTES + TAG_BYTES)
        end = self._offset + len(sealed)
        if len(sealed) < TAG_BYTES:
            raise BackupRefused(f"{self._path} ends after {end} bytes, before its last piece: it was cut short")
        try:
            self._held, tag = pull(self._state, sealed, self._about)
        except Unauthentic:
            raise BackupRefused(
                f"{self._path} was changed or cut short between byte {self._offset} and byte {end}: "
                "what stands there is not what was written"
            ) from None
        self._at, self._offset, self._is_over = 0, end, tag == FINAL
        if self._is_over and self._source.read(1):
            raise BackupRefused(f"{self._path} goes on after byte {end}, where its last piece ends")
        return True


@contextmanager
def opened(path: Path, key: bytes) -> Iterator[Opener]:
    """Open an encrypted file for reading. Raises BackupRefused where it is none, or another key's."""
    refuse_unsealed(path)
    with path.open("rb") as source:
        yield Opener(path, source, key)


def refuse_unsealed(path: Path) -> None:
    """Raise BackupRefused unless a file begins as an encrypted backup does."""
    with path.open("rb") as source:
        head = source.read(TAR_MARK_AT + len(TAR_MARK))
    if head.startswith(MAGIC):
        return
    if head[TAR_MARK_AT:] == TAR_MARK:
        raise BackupRefused(
            f"{path} is a backup in plain text, as earlier portals wrote them (format 1); this one reads encrypted "
            "ones (format 2). Restore it with the portal that wrote it, and back that up with this one"
        )
    raise BackupRefused(f"{path} is not a whole backup: it does not begin as an encrypted one does")
