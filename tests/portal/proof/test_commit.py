"""Commitments and seals: nothing of a small secret shows from outside, and a changed one does not open."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.proof import commit
from portal.proof.commit import Opening, make_opening

values = st.binary(max_size=commit.LONGEST_VALUE_BYTES)
NONCE = bytes(range(32))


def test_a_commitment_is_the_hash_its_documentation_says() -> None:
    padded = b"1" + b"\x80" + bytes(94)
    wanted = sha256(b"trabecula.commitment.v1\x00label\x00" + NONCE + padded).digest()
    assert commit.commit("label", Opening(b"1", NONCE)) == wanted


@given(values, values)
def test_a_commitment_opens_to_its_own_value_only(value: bytes, other: bytes) -> None:
    opening = make_opening(value)
    commitment = commit.commit("label", opening)
    assert commit.verify_opening("label", commitment, opening)
    assert commit.verify_opening("label", commitment, Opening(other, opening.nonce)) == (value == other)


def test_the_same_value_is_never_committed_to_alike() -> None:
    assert len({commit.commit("label", make_opening(b"1")) for _ in range(100)}) == 100


def test_trying_every_label_without_the_nonce_finds_nothing() -> None:
    commitment = commit.commit("label", make_opening(b"1"))
    guesses = [b"0", b"1", b"true", b"false"]
    assert commitment not in {sha256(guess).digest() for guess in guesses}
    assert not any(commit.verify_opening("label", commitment, Opening(guess, bytes(32))) for guess in guesses)


def test_a_commitment_of_one_kind_does_not_open_as_another() -> None:
    opening = make_opening(b"1")
    assert not commit.verify_opening("draw.nonce", commit.commit("label", opening), opening)


@pytest.mark.parametrize("n_bytes", [0, 16, 31, 33])
def test_a_nonce_of_another_length_is_refused(n_bytes: int) -> None:
    with pytest.raises(ValueError, match=f"a nonce has {n_bytes} bytes, wanted 32"):
        Opening(b"1", bytes(n_bytes))


def test_the_longest_value_is_taken_and_a_longer_one_is_refused() -> None:
    make_opening(bytes(commit.LONGEST_VALUE_BYTES))
    with pytest.raises(ValueError, match="at most 95 bytes"):
        make_opening(bytes(commit.LONGEST_VALUE_BYTES + 1))


@pytest.mark.parametrize("kind", ["", "Label", "a b", "label\x00", "9", "x" * 65])
def test_a_kind_that_could_be_read_in_two_ways_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="the kind of a commitment must be like"):
        commit.commit(kind, make_opening(b"1"))


@given(values)
def test_what_is_sealed_opens_with_the_private_key_and_has_one_length(value: bytes) -> None:
    private, public = commit.make_key_pair()
    opening = make_opening(value)
    sealed = commit.seal(public, opening)
    assert len(sealed) == commit.SEALED_BYTES == 176
    assert commit.open_sealed(private, sealed) == opening


def test_the_same_opening_is_never_sealed_alike() -> None:
    _, public = commit.make_key_pair()
    opening = make_opening(b"1")
    assert commit.seal(public, opening) != commit.seal(public, opening)


def test_another_key_does_not_open_a_seal() -> None:
    _, public = commit.make_key_pair()
    other, _ = commit.make_key_pair()
    with pytest.raises(ValueError, match="sealed to another key"):
        commit.open_sealed(other, commit.seal(public, make_opening(b"1")))


@given(st.integers(0, commit.SEALED_BYTES - 1), st.integers(1, 255))
def test_a_seal_with_any_changed_byte_does_not_open(place: int, change: int) -> None:
    private, public = commit.make_key_pair()
    sealed = bytearray(commit.seal(public, make_opening(b"1")))
    sealed[place] ^= change
    # The top bit of a public key is not part of it (RFC 7748 section 5), but the seal's nonce holds all its bits.
    with pytest.raises(ValueError, match="was changed"):
        commit.open_sealed(private, bytes(sealed))


def test_a_seal_of_another_length_is_refused() -> None:
    private, _ = commit.make_key_pair()
    with pytest.raises(ValueError, match="has 175 bytes, wanted 176"):
        commit.open_sealed(private, bytes(175))


def test_neither_value_nor_nonce_shows_in_the_repr() -> None:
    opening = Opening(b"FRACTURE", NONCE)
    assert opening.value == b"FRACTURE"
    assert repr(opening) == "Opening()"
