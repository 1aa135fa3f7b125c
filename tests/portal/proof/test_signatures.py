"""Signatures: they bind person, meaning and digest, and two of one person are not two."""

from dataclasses import replace

import pytest

from portal.proof import signatures
from portal.proof.findings import Unreadable
from tests.portal.proof.builders import Person, at, make_person

DIGEST = "ab" * 32
ANN, BEN = make_person("ann"), make_person("ben")
KEYS = {person.name: person.public_key for person in (ANN, BEN)}


def verify(*signed: signatures.Signature, n_wanted: int = 2, keys: dict[str, str] | None = None) -> list[str]:
    findings = signatures.verify_signatures(DIGEST, signed, keys=KEYS if keys is None else keys, n_wanted=n_wanted)
    return [str(finding) for finding in findings]


def test_two_people_who_signed_are_two() -> None:
    assert verify(ANN.sign(DIGEST), BEN.sign(DIGEST)) == []


def test_a_signature_that_is_missing_is_found() -> None:
    assert verify(ANN.sign(DIGEST)) == ["signatures: found 1, wanted at least 2"]


def test_one_person_twice_is_not_two() -> None:
    assert verify(ANN.sign(DIGEST), ANN.sign(DIGEST, "I looked twice")) == [
        "signature of 'ann': found 2 signatures, wanted one"
    ]


def test_two_names_with_one_key_are_not_two() -> None:
    ann_again = Person("anna", ANN.seed, ANN.public_key)
    findings = verify(ANN.sign(DIGEST), ann_again.sign(DIGEST), keys={**KEYS, "anna": ANN.public_key.upper()})
    assert findings == ["signatures: found one key for ann, anna, wanted a key of their own for each"]


def test_a_signature_under_another_digest_does_not_fit() -> None:
    findings = verify(ANN.sign(DIGEST), BEN.sign("cd" * 32))
    assert findings == [f"signature of 'ben': found a signature that does not fit, wanted one under {DIGEST}"]


@pytest.mark.parametrize("change", [{"meaning": "I reviewed it"}, {"at": at(11)}])
def test_meaning_and_time_cannot_be_changed_afterwards(change: dict[str, str]) -> None:
    (finding,) = verify(ANN.sign(DIGEST), replace(BEN.sign(DIGEST), **change))
    assert "'ben': found a signature that does not fit" in finding


def test_the_signature_of_one_person_does_not_fit_another() -> None:
    (finding,) = verify(ANN.sign(DIGEST), replace(ANN.sign(DIGEST), signer="ben"))
    assert "'ben': found a signature that does not fit" in finding


@pytest.mark.parametrize("text", ["", "zz", "ab" * 63, "ab" * 64])
def test_a_signature_that_is_none_does_not_fit(text: str) -> None:
    (finding,) = verify(ANN.sign(DIGEST), replace(BEN.sign(DIGEST), signature=text))
    assert "'ben': found a signature that does not fit" in finding


def test_a_stranger_who_signed_is_found() -> None:
    findings = verify(ANN.sign(DIGEST), BEN.sign(DIGEST), make_person("eve").sign(DIGEST))
    assert findings == ["signature of 'eve': found a signer without a key, wanted a listed signer"]


@pytest.mark.parametrize(("signer", "meaning"), [("", "I approve"), ("ann", " ")])
def test_a_signature_without_signer_or_meaning_is_refused(signer: str, meaning: str) -> None:
    with pytest.raises(ValueError, match="needs the id of its signer and a meaning"):
        signatures.sign(ANN.seed, DIGEST, signer=signer, meaning=meaning, at=at(0))


def test_signatures_read_back() -> None:
    signed = [ANN.sign(DIGEST), BEN.sign(DIGEST)]
    assert signatures.read_signatures(signatures.write_signatures(signed)) == signed


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"x", "cannot be read"),
        (b"{}", "not of the format"),
        (b'{"format":"other","signatures":[]}', "not of the format"),
        (b'{"format":"trabecula.signatures.v1","signatures":{}}', "must be a list"),
        (b'{"format":"trabecula.signatures.v1","signatures":[{}]}', "exactly the fields"),
        (
            b'{"format":"trabecula.signatures.v1","signatures":[{"at":1,"meaning":"a","signature":"b","signer":"c"}]}',
            "must be texts",
        ),
    ],
)
def test_signatures_of_another_form_are_unreadable(text: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        signatures.read_signatures(text)
