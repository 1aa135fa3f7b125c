"""The container of a bundle: a zip with one possible form for given members, and a reader that takes no other.

Nothing is compressed, so the same members give the same bytes with every zlib, and there is no zip bomb to unpack.
"""

import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeAlias

from portal.proof.findings import Unreadable

Source: TypeAlias = bytes | Path
"""Where a member's bytes come from: they themselves, or a file."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_LONGEST_NAME = 200
_LONGEST_LINE_BYTES = 64 * 2**20  # a line that holds a batch of a million leaves
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the zip format knows no earlier time; a true one would tell when it was made
_REGULAR_FILE = 0o100644 << 16
_CHUNK_BYTES = 2**20
_SPOOL_BYTES = 64 * 2**20

# What zipfile raises over damaged bytes, as found by flipping each byte of an archive.
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, UnicodeDecodeError, OSError)


@dataclass(frozen=True)
class Limits:
    """What a reader is ready to look at."""

    n_members: int = 1000
    n_bytes: int = 4 * 2**30


def check_name(name: str) -> None:
    """Raise ValueError unless a name is a plain relative path: no root, no `..`, no hidden file, only ASCII."""
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a member: wanted a plain relative path such as 'models/a.json'")


def write_archive(path: Path, members: Mapping[str, Source]) -> None:
    """Write an archive that is there whole or not at all, readable by its owner only.

    Raises ValueError for a name `check_name` refuses or that differs from another in case alone.
    """
    for name in members:
        check_name(name)
    if len({name.casefold() for name in members}) != len(members):
        raise ValueError("two members have names that differ in case alone")
    openers = {name: (_measure(source), _opener(source)) for name, source in members.items()}
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "wb") as file:
            _write_members(file, openers)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # also when interrupted: a half-written file must not stay
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def hash_source(source: Source) -> str:
    """Return the SHA-256 of a source as hexadecimal digits, read in pieces."""
    with _opener(source)() as file:
        return _hash(file)


class Archive:
    """An open archive whose outer form is sound: named members, each once, none compressed, encrypted or too large.

    Whether the members are the promised ones is for the caller to check, by `hash_member`.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        try:
            if path.stat().st_size > limits.n_bytes:
                raise Unreadable(f"{path.name} has more than {limits.n_bytes} bytes")
            self._file = path.open("rb")
        except OSError as error:
            raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error
        try:
            self._zip = zipfile.ZipFile(self._file)
            self._members = _list_members(self._zip, limits)
        except (*_DAMAGE, ValueError) as error:
            self._file.close()
            raise Unreadable(f"{path.name} is no readable archive: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> set[str]:
        """The names of all members."""
        return set(self._members)

    def get_size(self, name: str) -> int:
        """Return the size of a member in bytes."""
        return self._members[name].file_size

    def hash_member(self, name: str) -> str:
        """Return the SHA-256 of a member as hexadecimal digits, or raise Unreadable if it is damaged."""
        try:
            with self._zip.open(self._members[name]) as file:
                return _hash(file)
        except _DAMAGE as error:
            raise Unreadable(f"{name} is damaged: {error}") from error

    def read(self, name: str, *, at_most: int = 16 * 2**20) -> bytes:
        """Return the bytes of a member, or raise Unreadable if they are more than `at_most` or damaged."""
        if self.get_size(name) > at_most:
            raise Unreadable(f"{name} has more than {at_most} bytes")
        try:
            return self._zip.read(self._members[name])
        except _DAMAGE as error:
            raise Unreadable(f"{name} is damaged: {error}") from error

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a member, each with its line feed, without holding the member in memory."""
        try:
            with self._zip.open(self._members[name]) as file:
                while line := file.readline(_LONGEST_LINE_BYTES):
                    if not line.endswith(b"\n"):
                        raise Unreadable(f"{name} has a line that is too long or has no end")
                    yield line
        except _DAMAGE as error:
            raise Unreadable(f"{name} is damaged: {error}") from error

    def has_canonical_form(self) -> bool:
        """Return whether the file is, byte for byte, what `write_archive` makes of these members.

        If not, it holds bytes that belong to no member, and two readers could see two different archives in it.
        """
        openers = {name: (info.file_size, self._opener(info)) for name, info in self._members.items()}
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as again:
            _write_members(again, openers)
            again.seek(0)
            self._file.seek(0)
            return _are_equal(again, self._file)

    def _opener(self, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
        return lambda: self._zip.open(info)


def _list_members(archive: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > limits.n_members:
        raise ValueError(f"it has {len(infos)} members, more than {limits.n_members}")
    if sum(info.file_size for info in infos) > limits.n_bytes:
        raise ValueError(f"its members have more than {limits.n_bytes} bytes")
    for info in infos:
        _check_info(info)
    if len({info.filename.casefold() for info in infos}) != len(infos):
        raise ValueError("a name comes twice")
    return {info.filename: info for info in infos}


def _check_info(info: zipfile.ZipInfo) -> None:
    check_name(info.orig_filename)
    if info.flag_bits & 0x1:
        raise ValueError(f"{info.orig_filename} is encrypted")
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise ValueError(f"{info.orig_filename} is compressed; members of a bundle are stored as they are")
    if info.external_attr != _REGULAR_FILE:
        raise ValueError(f"{info.orig_filename} is not marked as a plain file")


def _write_members(file: IO[bytes], openers: Mapping[str, tuple[int, Callable[[], IO[bytes]]]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, (size, opener) in sorted(openers.items()):
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.create_system = 3  # Unix, on every system, or the bytes would differ
            info.external_attr = _REGULAR_FILE
            info.file_size = size
            with opener() as source, archive.open(info, "w") as member:
                while chunk := source.read(_CHUNK_BYTES):
                    member.write(chunk)


def _hash(file: IO[bytes]) -> str:
    digest = sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _are_equal(one: IO[bytes], other: IO[bytes]) -> bool:
    while True:
        here, there = one.read(_CHUNK_BYTES), other.read(_CHUNK_BYTES)
        if here != there:
            return False
        if not here:
            return True


def _measure(source: Source) -> int:
    return source.stat().st_size if isinstance(source, Path) else len(source)


def _opener(source: Source) -> Callable[[], IO[bytes]]:
    return (lambda: source.open("rb")) if isinstance(source, Path) else (lambda: BytesIO(source))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
