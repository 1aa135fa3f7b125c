"""Ed25519 signatures of people under the digest of a manifest, each with its signer and meaning in the signed bytes.

The meaning belongs to the signature (21 CFR 11.50): "approved" cannot later be shown as "reviewed".
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from portal.proof import jcs
from portal.proof.findings import Finding, Unreadable

_DOMAIN = b"trabecula.signature.v1\x00"
_FORMAT = "trabecula.signatures.v1"
_FIELDS = ("signer", "meaning", "at", "signature")


@dataclass(frozen=True)
class Signature:
    """What one person signed and when. The digest is not repeated: it is that of the manifest beside it.

    signer: the person's id in the manifest's list of keys. meaning: for instance "I approve this lock".
    at: the instant as `ledger.write_time` writes it. signature: 64 bytes as hexadecimal digits.
    """

    signer: str
    meaning: str
    at: str
    signature: str


def make_signing_key() -> tuple[bytes, bytes]:
    """Return a fresh Ed25519 pair: (private seed, public key), 32 bytes each."""
    private = SigningKey.generate()
    return bytes(private), bytes(private.verify_key)


def sign(private_seed: bytes, digest: str, *, signer: str, meaning: str, at: str) -> Signature:
    """Return a person's signature under a digest.

    Raises ValueError if the signer or the meaning is empty: a signature without meaning says nothing.
    """
    if not signer.strip() or not meaning.strip():
        raise ValueError("a signature needs the id of its signer and a meaning in words")
    message = _to_message(digest, signer, meaning, at)
    return Signature(signer, meaning, at, SigningKey(private_seed).sign(message).signature.hex())


def verify_signatures(
    digest: str, signatures: Sequence[Signature], *, keys: Mapping[str, str], n_wanted: int
) -> list[Finding]:
    """Return what is wrong with the signatures under a digest; an empty list if enough different people signed.

    keys: signer id → Ed25519 public key as hexadecimal digits. Two ids with one key count as one person.
    """
    findings = []
    for signature in signatures:
        if signature.signer not in keys:
            findings.append(Finding(f"signature of {signature.signer!r}", "a signer without a key", "a listed signer"))
        elif not _holds(digest, signature, keys[signature.signer]):
            findings.append(
                Finding(f"signature of {signature.signer!r}", "a signature that does not fit", f"one under {digest}")
            )
    findings += _check_distinct(signatures, keys)
    if len(signatures) < n_wanted:
        findings.append(Finding("signatures", str(len(signatures)), f"at least {n_wanted}"))
    return findings


def write_signatures(signatures: Sequence[Signature]) -> bytes:
    """Return signatures as canonical JSON."""
    return jcs.dumps({"format": _FORMAT, "signatures": [asdict(signature) for signature in signatures]})


def read_signatures(text: bytes) -> list[Signature]:
    """Return the signatures of a JSON text; raise Unreadable if it is not one."""
    try:
        fields = jcs.loads_canonical(text)
    except ValueError as error:
        raise Unreadable(f"the signatures cannot be read: {error}") from error
    if not isinstance(fields, dict) or set(fields) != {"format", "signatures"} or fields["format"] != _FORMAT:
        raise Unreadable(f"the signatures are not of the format {_FORMAT!r}")
    items = fields["signatures"]
    if not isinstance(items, list):
        raise Unreadable("`signatures` must be a list")
    return [_read_one(item) for item in items]


def _read_one(item: jcs.Json) -> Signature:
    if not isinstance(item, dict) or set(item) != set(_FIELDS):
        raise Unreadable(f"a signature must have exactly the fields {', '.join(_FIELDS)}")
    texts = [value for name in _FIELDS if isinstance(value := item[name], str)]
    if len(texts) != len(_FIELDS):
        raise Unreadable("the fields of a signature must be texts")
    return Signature(*texts)


def _check_distinct(signatures: Sequence[Signature], keys: Mapping[str, str]) -> list[Finding]:
    findings = [
        Finding(f"signature of {signer!r}", f"{count} signatures", "one")
        for signer, count in Counter(signature.signer for signature in signatures).items()
        if count > 1
    ]
    signers = sorted({signature.signer for signature in signatures} & set(keys))
    shared = [key for key, count in Counter(keys[signer].lower() for signer in signers).items() if count > 1]
    for key in shared:
        people = ", ".join(signer for signer in signers if keys[signer].lower() == key)
        findings.append(Finding("signatures", f"one key for {people}", "a key of their own for each"))
    return findings


def _holds(digest: str, signature: Signature, public_key: str) -> bool:
    message = _to_message(digest, signature.signer, signature.meaning, signature.at)
    try:
        VerifyKey(bytes.fromhex(public_key)).verify(message, bytes.fromhex(signature.signature))
    except (BadSignatureError, ValueError):  # ValueError: no hexadecimal digits, or of the wrong length
        return False
    return True


def _to_message(digest: str, signer: str, meaning: str, at: str) -> bytes:
    return _DOMAIN + jcs.dumps({"digest": digest, "signer": signer, "meaning": meaning, "at": at})
