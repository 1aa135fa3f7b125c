"""The bundle of an evaluation or of the audit: a public file, and a restricted one that the public one vouches for.

`public.zip` holds `manifest.json` (canonical JSON: the SHA-256 and size of each member) and, beside the listed
members, `signatures.json` under the manifest's digest. The public manifest knows the restricted file by its hash
alone. Labels have so few possible values that the hashes or even the sizes of the single members would tell them,
so these stand inside the restricted file, together with 32 random bytes that make its hash impossible to guess.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeGuard

from portal.proof import jcs, signatures
from portal.proof.archive import Archive, Limits, Source, check_name, hash_source, write_archive
from portal.proof.findings import Finding, Unreadable

MANIFEST = "manifest.json"
SIGNATURES = "signatures.json"

_PUBLIC_FORMAT = "trabecula.bundle.v1"
_RESTRICTED_FORMAT = "trabecula.bundle.restricted.v1"
_NONCE_BYTES = 32
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Member:
    """What is promised of one member."""

    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class Manifest:
    """What the public file promises.

    about: whatever the maker wants to say of the bundle, as JSON.
    members: name → promise, for all members but the manifest and the signatures themselves.
    restricted_sha256: the hash of the restricted file, or None if there is none.
    keys: signer id → Ed25519 public key as hexadecimal digits; n_signatures: how many of them must have signed.
    """

    about: Mapping[str, jcs.Json]
    members: Mapping[str, Member]
    restricted_sha256: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    n_signatures: int = 0

    def __post_init__(self) -> None:
        if not all(_is_digest(key) for key in self.keys.values()):
            raise ValueError("each signer's key must be 64 lower-case hexadecimal digits")

    def to_bytes(self) -> bytes:
        """Return the manifest as canonical JSON."""
        return jcs.dumps(
            {
                "format": _PUBLIC_FORMAT,
                "about": self.about,
                "members": _write_members(self.members),
                "restricted_sha256": self.restricted_sha256,
                "signing": {"keys": self.keys, "wanted": self.n_signatures},
            }
        )

    @property
    def digest(self) -> str:
        """The SHA-256 of manifest.json, as `sha256sum` shows it: what people sign and what an anchor may name."""
        return sha256(self.to_bytes()).hexdigest()


def describe_members(sources: Mapping[str, Source]) -> dict[str, Member]:
    """Return what a manifest promises of these members."""
    for name in sources:
        check_name(name)
        if name in (MANIFEST, SIGNATURES):
            raise ValueError(f"{name} is written by the bundle itself")
    return {name: Member(hash_source(source), _count_bytes(source)) for name, source in sources.items()}


def write_restricted(path: Path, sources: Mapping[str, Source], *, nonce: bytes | None = None) -> str:
    """Write the restricted file and return its SHA-256 for the public manifest.

    nonce: 32 random bytes; given only when the very same file must be made again.
    """
    if nonce is None:
        nonce = secrets.token_bytes(_NONCE_BYTES)
    if len(nonce) != _NONCE_BYTES:
        raise ValueError(f"the nonce has {len(nonce)} bytes, wanted {_NONCE_BYTES}")
    manifest: jcs.Json = {
        "format": _RESTRICTED_FORMAT,
        "members": _write_members(describe_members(sources)),
        "nonce": nonce.hex(),
    }
    write_archive(path, {**sources, MANIFEST: jcs.dumps(manifest)})
    return hash_source(path)


def write_public(
    path: Path,
    manifest: Manifest,
    sources: Mapping[str, Source],
    signed: Sequence[signatures.Signature] = (),
) -> None:
    """Write the public file: the manifest, the members it promises and the signatures under its digest.

    Raises ValueError if the members are not those of the manifest or the signatures do not hold: what `verify`
    would refute is not handed out.
    """
    if describe_members(sources) != dict(manifest.members):
        raise ValueError("the members are not those the manifest promises")
    findings = signatures.verify_signatures(manifest.digest, signed, keys=manifest.keys, n_wanted=manifest.n_signatures)
    if findings:
        raise ValueError(f"the signatures do not hold: {'; '.join(map(str, findings))}")
    own: dict[str, Source] = {MANIFEST: manifest.to_bytes()}
    if signed:
        own[SIGNATURES] = signatures.write_signatures(signed)
    write_archive(path, {**sources, **own})


def read_manifest(archive: Archive) -> Manifest:
    """Return the manifest of a public file; raise Unreadable if it has none of the known form."""
    fields = _read_fields(archive, _PUBLIC_FORMAT, {"about", "members", "restricted_sha256", "signing"})
    about, restricted, signing = fields["about"], fields["restricted_sha256"], fields["signing"]
    if not isinstance(about, dict) or not isinstance(signing, dict) or set(signing) != {"keys", "wanted"}:
        raise Unreadable(f"{MANIFEST}: `about` and `signing` are not of the known form")
    if restricted is not None and not _is_digest(restricted):
        raise Unreadable(f"{MANIFEST}: `restricted_sha256` is no digest")
    keys, wanted = signing["keys"], signing["wanted"]
    if not _is_count(wanted):
        raise Unreadable(f"{MANIFEST}: `wanted` must be a number of signatures")
    return Manifest(
        about=about,
        members=_read_members(fields["members"]),
        restricted_sha256=restricted,
        keys=_read_keys(keys),
        n_signatures=wanted,
    )


def read_signatures(archive: Archive) -> list[signatures.Signature]:
    """Return the signatures in a public file; an empty list if it holds none."""
    return signatures.read_signatures(archive.read(SIGNATURES)) if SIGNATURES in archive.names else []


def check_members(archive: Archive, manifest: Manifest) -> list[Finding]:
    """Return each member that is missing, not listed or changed, and whether the file holds stray bytes."""
    return _check(archive, manifest.members, own={MANIFEST, SIGNATURES})


def check_restricted(path: Path, manifest: Manifest, limits: Limits) -> list[Finding]:
    """Return what speaks against `path` being the restricted file that the public manifest means."""
    if manifest.restricted_sha256 is None:
        return [Finding(path.name, "a restricted file", "none: the public manifest names none")]
    try:
        found = hash_source(path)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error
    if found != manifest.restricted_sha256:
        return [Finding(path.name, f"SHA-256 {found}", f"SHA-256 {manifest.restricted_sha256}")]
    with Archive(path, limits) as archive:
        fields = _read_fields(archive, _RESTRICTED_FORMAT, {"members", "nonce"})
        return _check(archive, _read_members(fields["members"]), own={MANIFEST})


def _check(archive: Archive, promised: Mapping[str, Member], own: set[str]) -> list[Finding]:
    findings = [Finding(name, "nothing", "a member") for name in sorted(set(promised) - archive.names)]
    findings += [Finding(name, "a member", "none of this name") for name in sorted(archive.names - set(promised) - own)]
    for name in sorted(archive.names & set(promised)):
        findings += _check_member(archive, name, promised[name])
    if not findings and not archive.has_canonical_form():
        findings.append(Finding("the file", "bytes that belong to no member, or another order", "its one form"))
    return findings


def _check_member(archive: Archive, name: str, promised: Member) -> list[Finding]:
    if archive.get_size(name) != promised.n_bytes:
        return [Finding(name, f"{archive.get_size(name)} bytes", f"{promised.n_bytes} bytes")]
    try:
        found = archive.hash_member(name)
    except Unreadable as error:
        return [Finding(name, str(error), f"SHA-256 {promised.sha256}")]
    return [] if found == promised.sha256 else [Finding(name, f"SHA-256 {found}", f"SHA-256 {promised.sha256}")]


def _read_fields(archive: Archive, wanted_format: str, names: set[str]) -> dict[str, jcs.Json]:
    if MANIFEST not in archive.names:
        raise Unreadable(f"it holds no {MANIFEST}")
    try:
        fields = jcs.loads_canonical(archive.read(MANIFEST))
    except ValueError as error:
        raise Unreadable(f"{MANIFEST} cannot be read: {error}") from error
    if not isinstance(fields, dict) or fields.get("format") != wanted_format or set(fields) != names | {"format"}:
        raise Unreadable(f"{MANIFEST} is not of the format {wanted_format!r}")
    return fields


def _read_members(value: jcs.Json) -> dict[str, Member]:
    if not isinstance(value, dict):
        raise Unreadable(f"{MANIFEST}: `members` is no list of members")
    members = {}
    for name, promise in value.items():
        if not isinstance(promise, dict) or set(promise) != {"sha256", "size"}:
            raise Unreadable(f"{MANIFEST}: {name!r} needs `sha256` and `size`")
        digest, size = promise["sha256"], promise["size"]
        if not _is_digest(digest) or not _is_count(size):
            raise Unreadable(f"{MANIFEST}: {name!r} has no readable `sha256` or `size`")
        members[name] = Member(digest, size)
    return members


def _write_members(members: Mapping[str, Member]) -> dict[str, jcs.Json]:
    return {name: {"sha256": member.sha256, "size": member.n_bytes} for name, member in members.items()}


def _read_keys(value: jcs.Json) -> dict[str, str]:
    if not isinstance(value, dict) or not all(_is_digest(key) for key in value.values()):
        raise Unreadable(f"{MANIFEST}: `keys` must give each signer a key of 64 hexadecimal digits")
    return value


def _is_digest(value: jcs.Json) -> TypeGuard[str]:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _is_count(value: jcs.Json) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _count_bytes(source: Source) -> int:
    return source.stat().st_size if isinstance(source, Path) else len(source)
