"""A custodian's card as it is typed, and a share from the scorer to the custodian and back."""

import uuid

import pytest

from cohort.vault import shamir
from cohort.vault.card import fingerprint_of, public_key_of, read_card, write_card
from cohort.vault.shares import WrongShare, hand_on, read_share, seal_shares
from portal.proof import commit

KEY = bytes(range(32))
# The browser's test (frontend/tests/custody.test.mjs) holds the same card.
CARD = "AAAQ EAYE AUDA OCAJ BIFQ YDIO B4IB CEQT CQKR MFYY DENB WHA5 DYPQ kasat"
EVALUATION = uuid.UUID(int=7)


def test_a_card_is_read_as_it_was_written():
    assert write_card(KEY) == CARD
    assert read_card(CARD) == KEY


def test_spaces_dashes_and_small_letters_are_free():
    assert read_card(CARD.lower().replace(" ", "-")) == KEY


@pytest.mark.parametrize("typed", ["B" + CARD[1:], CARD[:-1] + "s"])
def test_a_slip_of_the_pen_is_told_without_quoting_the_card(typed: str):
    with pytest.raises(ValueError, match="something was mistyped") as told:
        read_card(typed)
    assert "AAAQ" not in str(told.value)


def test_half_a_card_is_refused():
    with pytest.raises(ValueError, match="not whole"):
        read_card(CARD[:30])


def test_a_fingerprint_is_four_groups():
    assert len(fingerprint_of(public_key_of(KEY)).split()) == 4


@pytest.fixture
def custodians() -> dict[int, bytes]:
    return {number: commit.make_key_pair()[0] for number in (1, 2, 3)}


def seal(custodians: dict[int, bytes], secret: bytes = KEY, evaluation: uuid.UUID = EVALUATION):
    return seal_shares(evaluation, secret, {number: public_key_of(key) for number, key in custodians.items()})


def test_two_custodians_give_the_key_back_through_the_scorers_one_time_key(custodians: dict[int, bytes]):
    private, public = commit.make_key_pair()
    found = {}
    for one in seal(custodians)[:2]:
        handed = hand_on(custodians[one.number], one.ciphertext, public)
        found[one.number] = read_share(EVALUATION, private, handed, one)
    assert shamir.join(found) == KEY


def test_another_custodians_card_opens_nothing(custodians: dict[int, bytes]):
    one = seal(custodians)[0]
    with pytest.raises(ValueError, match="another key"):
        hand_on(custodians[2], one.ciphertext, public_key_of(KEY))


def test_a_share_sealed_to_an_earlier_one_time_key_is_refused(custodians: dict[int, bytes]):
    _, old = commit.make_key_pair()
    private, _ = commit.make_key_pair()
    one = seal(custodians)[0]
    with pytest.raises(WrongShare, match="another key than the scorer's"):
        read_share(EVALUATION, private, hand_on(custodians[1], one.ciphertext, old), one)


def test_a_share_of_another_evaluation_is_refused(custodians: dict[int, bytes]):
    private, public = commit.make_key_pair()
    here, there = seal(custodians)[0], seal(custodians, evaluation=uuid.UUID(int=8))[0]
    handed = hand_on(custodians[1], there.ciphertext, public)
    with pytest.raises(WrongShare, match="not the one that was sealed"):
        read_share(EVALUATION, private, handed, here)
    with pytest.raises(WrongShare, match="another evaluation"):
        read_share(EVALUATION, private, handed, there)


def test_another_custodians_share_is_refused(custodians: dict[int, bytes]):
    private, public = commit.make_key_pair()
    first, second = seal(custodians)[:2]
    with pytest.raises(WrongShare, match="not the one that was sealed"):
        read_share(EVALUATION, private, hand_on(custodians[2], second.ciphertext, public), first)


def test_shares_are_numbered_without_gaps():
    with pytest.raises(ValueError, match="without gaps"):
        seal_shares(EVALUATION, KEY, {1: public_key_of(KEY), 3: public_key_of(KEY)})
