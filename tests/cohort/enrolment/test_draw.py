"""The concealed draw: its shares, its order, and that nobody can steer it."""

import hashlib
import hmac

import pytest

from cohort.enrolment.draw import is_test, make_seed, make_stratum

A, B = bytes(range(32)), bytes(range(1, 33))
PROTOCOL = "ab" * 32


def test_the_seed_is_the_hash_of_protocol_and_both_nonces() -> None:
    wanted = hashlib.sha256(bytes.fromhex(PROTOCOL) + A + B).digest()
    assert make_seed(PROTOCOL, [A, B]) == wanted
    assert make_seed(PROTOCOL, [B, A]) == wanted


@pytest.mark.parametrize("nonces", [[A], [A, A], [A, B, B]])
def test_the_seed_needs_two_different_nonces(nonces: list[bytes]) -> None:
    with pytest.raises(ValueError, match="two custodians"):
        make_seed(PROTOCOL, nonces)


def test_a_short_nonce_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        make_seed(PROTOCOL, [A, B[:31]])


@pytest.mark.parametrize("n_test", [1, 3, 9])
def test_every_block_of_ten_holds_exactly_its_number_of_test_places(n_test: int) -> None:
    for block in range(50):
        drawn = [is_test(A, "EXB/F/60-69", block * 10 + place, n_test) for place in range(10)]
        assert sum(drawn) == n_test


def test_places_within_a_block_differ_from_block_to_block() -> None:
    blocks = {tuple(is_test(A, "EXB/F/60-69", block * 10 + place, 3) for place in range(10)) for block in range(40)}
    assert len(blocks) > 20


def test_each_place_is_drawn_about_equally_often() -> None:
    counts = [sum(is_test(A, "EXB/F/60-69", block * 10 + place, 3) for block in range(400)) for place in range(10)]
    # Binomial(400, 0.3): mean 120, standard deviation 9.2; five of them on either side.
    assert all(74 < count < 166 for count in counts)


def test_the_order_is_an_hmac_that_anybody_can_compute_again() -> None:
    ranks = [
        hmac.new(A, b'{"block":0,"place":%d,"stratum":"EXB/F/60-69"}' % place, hashlib.sha256).digest()
        for place in range(10)
    ]
    wanted = set(sorted(range(10), key=ranks.__getitem__)[:3])
    assert {place for place in range(10) if is_test(A, "EXB/F/60-69", place, 3)} == wanted


@pytest.mark.parametrize(
    ("age", "band"), [(50, "50-59"), (59, "50-59"), (60, "60-69"), (79, "70-79"), (80, "80+"), (101, "80+")]
)
def test_strata_are_site_sex_and_age_band(age: int, band: str) -> None:
    assert make_stratum("EXB", "F", age) == f"EXB/F/{band}"
