"""Any two shares give the secret back; one alone tells nothing."""

import secrets
from collections import Counter

import pytest

from cohort.vault.shamir import join, split

SECRET = bytes(range(32))


@pytest.mark.parametrize("pair", [(1, 2), (1, 3), (2, 3)])
def test_any_two_of_three_give_the_secret_back(pair: tuple[int, int]):
    for secret in (SECRET, bytes(32), secrets.token_bytes(32)):
        shares = split(secret)
        assert join({number: shares[number] for number in pair}) == secret


def test_one_share_is_spread_evenly_whatever_the_secret():
    # 20,000 draws over 256 values: chi-square with 255 degrees of freedom stays under 380 but once in a million times.
    for secret in (b"\x00", b"\xff", b"\x01"):
        for number in (1, 2, 3):
            counts = Counter(split(secret)[number][0] for _ in range(20_000))
            expected = 20_000 / 256
            chi_square = sum((counts[value] - expected) ** 2 / expected for value in range(256))
            assert chi_square < 380


def test_two_shares_of_different_secrets_give_neither():
    one, other = split(SECRET), split(bytes(32))
    assert join({1: one[1], 2: other[2]}) not in {SECRET, bytes(32)}


@pytest.mark.parametrize("numbers", [(), (1,), (1, 2, 3)])
def test_fewer_or_more_than_two_are_refused(numbers: tuple[int, ...]):
    shares = split(SECRET)
    with pytest.raises(ValueError, match="2 shares of different numbers are wanted"):
        join({number: shares[number] for number in numbers})


def test_share_number_zero_would_be_the_secret_and_is_refused():
    with pytest.raises(ValueError, match="numbers from 1 to 255"):
        join({0: bytes(32), 1: bytes(32)})


def test_an_empty_secret_is_refused():
    with pytest.raises(ValueError, match="not empty"):
        split(b"")
