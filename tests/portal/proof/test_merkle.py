"""Merkle trees: the vectors of the Certificate Transparency project, and each proof against a plain recursion."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.proof import merkle

# Leaves, roots and proofs: google/certificate-transparency, merkletree tests ("precomputed" vectors for RFC 6962).
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEFT_PAIR = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
RIGHT_HALF = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
PAIR_2 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
PAIR_3 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"

leaves_lists = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def recursive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + recursive_root(leaves[:split]) + recursive_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_the_root_of_the_first_leaves_is_the_published_one(size: int) -> None:
    assert merkle.compute_root(LEAVES[:size]).hex() == ROOTS[size]
    assert merkle.Tree(LEAVES[:size]).root.hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (0, 8, [LEAF_1, LEFT_PAIR, RIGHT_HALF]),
        (5, 8, [LEAF_4, PAIR_3, ROOTS[4]]),
        (2, 3, [ROOTS[2]]),
        (1, 5, [ROOTS[1], LEFT_PAIR, LEAF_4]),
    ],
)
def test_a_proof_of_inclusion_is_the_published_one(index: int, size: int, path: list[str]) -> None:
    assert [step.hex() for step in merkle.Tree(LEAVES[:size]).prove_inclusion(index)] == path


@pytest.mark.parametrize(
    ("earlier", "size", "path"),
    [
        (1, 1, []),
        (1, 8, [LEAF_1, LEFT_PAIR, RIGHT_HALF]),
        (6, 8, [PAIR_2, PAIR_3, ROOTS[4]]),
        (2, 5, [LEFT_PAIR, LEAF_4]),
    ],
)
def test_a_proof_of_consistency_is_the_published_one(earlier: int, size: int, path: list[str]) -> None:
    assert [step.hex() for step in merkle.Tree(LEAVES[:size]).prove_consistency(earlier)] == path


@given(leaves_lists)
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert merkle.compute_root(iter(leaves)) == merkle.Tree(leaves).root == recursive_root(leaves)


@given(leaves_lists, st.data())
def test_each_leaf_is_proved_at_its_place_and_nowhere_else(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    elsewhere = data.draw(st.integers(-1, len(leaves)))
    path, root = merkle.Tree(leaves).prove_inclusion(index), merkle.compute_root(leaves)
    assert merkle.verify_inclusion(leaves[index], index, len(leaves), path, root)
    if elsewhere != index:
        assert not merkle.verify_inclusion(leaves[index] + b"x", elsewhere, len(leaves), path, root)
        assert not merkle.verify_inclusion(leaves[index], index, len(leaves), [*path, root], root)
    assert not merkle.verify_inclusion(leaves[index], index, len(leaves), path, bytes(32))
    assert not merkle.verify_inclusion(leaves[index] + b"x", index, len(leaves), path, root)


@given(leaves_lists, st.data())
def test_every_earlier_tree_is_proved_to_be_a_beginning(leaves: list[bytes], data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, len(leaves)))
    path = merkle.Tree(leaves).prove_consistency(earlier)
    earlier_root, root = merkle.compute_root(leaves[:earlier]), merkle.compute_root(leaves)
    assert merkle.verify_consistency(earlier, earlier_root, len(leaves), root, path)
    assert not merkle.verify_consistency(earlier, bytes(32), len(leaves), root, path)
    assert not merkle.verify_consistency(earlier, earlier_root, len(leaves), bytes(32), path)
    assert not merkle.verify_consistency(earlier, earlier_root, len(leaves), root, [*path, bytes(32)])


@given(leaves_lists, st.data())
def test_a_rewritten_past_is_never_proved_to_be_a_beginning(leaves: list[bytes], data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, len(leaves)))
    changed = data.draw(st.integers(0, earlier - 1))
    rewritten = [*leaves]
    rewritten[changed] += b"x"
    path = merkle.Tree(rewritten).prove_consistency(earlier)
    earlier_root, root = merkle.compute_root(leaves[:earlier]), merkle.compute_root(rewritten)
    assert not merkle.verify_consistency(earlier, earlier_root, len(leaves), root, path)


def test_the_empty_tree_has_the_hash_of_nothing_and_proves_nothing() -> None:
    assert merkle.Tree([]).root == merkle.EMPTY_ROOT == sha256(b"").digest()
    root = merkle.compute_root(LEAVES)
    assert not merkle.verify_consistency(0, merkle.EMPTY_ROOT, 8, root, [])
    assert not merkle.verify_inclusion(b"", 0, 0, [], merkle.EMPTY_ROOT)


@pytest.mark.parametrize("index", [-1, 8])
def test_a_leaf_that_is_not_there_cannot_be_proved(index: int) -> None:
    with pytest.raises(ValueError, match=f"leaf {index} is not in a tree of 8 leaves"):
        merkle.Tree(LEAVES).prove_inclusion(index)


@pytest.mark.parametrize("earlier", [0, 9])
def test_an_earlier_tree_that_cannot_have_been_is_refused(earlier: int) -> None:
    with pytest.raises(ValueError, match=f"of {earlier} leaves cannot be compared with 8"):
        merkle.Tree(LEAVES).prove_consistency(earlier)


def test_a_node_cannot_pass_for_a_leaf() -> None:
    left, right = (merkle.hash_leaf(leaf) for leaf in LEAVES[:2])
    assert merkle.compute_root([left + right]) != merkle.compute_root(LEAVES[:2])


def test_a_hundred_thousand_leaves_are_proved_without_recursion() -> None:
    tree = merkle.Tree(number.to_bytes(4) for number in range(100_000))
    path = tree.prove_inclusion(99_999)
    assert len(tree) == 100_000
    assert merkle.verify_inclusion((99_999).to_bytes(4), 99_999, 100_000, path, tree.root)


def test_a_path_cut_short_does_not_prove_the_node_it_ends_at() -> None:
    first, pair = merkle.hash_leaf(LEAVES[0]), merkle.compute_root(LEAVES[:2])
    path = merkle.Tree(LEAVES).prove_inclusion(0)
    assert merkle.verify_inclusion(LEAVES[0], 0, 2, path[:1], pair)
    assert not merkle.verify_inclusion(LEAVES[0], 0, 8, path[:1], pair)
    assert not merkle.verify_inclusion(LEAVES[0], 0, 8, [], first)
    assert not merkle.verify_consistency(1, first, 8, first, [])
    assert not merkle.verify_consistency(1, first, 8, pair, path[:1])


def test_a_path_that_goes_on_beyond_the_root_proves_nothing() -> None:
    first, step = merkle.hash_leaf(LEAVES[0]), bytes(32)
    beyond = merkle.hash_node(step, first)
    assert not merkle.verify_inclusion(LEAVES[0], 0, 1, [step], beyond)
    three, four = merkle.compute_root(LEAVES[:3]), merkle.compute_root(LEAVES[:4])
    path = merkle.Tree(LEAVES[:4]).prove_consistency(3)
    assert merkle.verify_consistency(3, three, 4, four, path)
    further = [merkle.hash_node(step, root) for root in (three, four)]
    assert not merkle.verify_consistency(3, further[0], 4, further[1], [*path, step])


@pytest.mark.parametrize("index", [-1, 1])
def test_a_place_outside_the_tree_proves_nothing(index: int) -> None:
    assert merkle.verify_inclusion(LEAVES[0], 0, 1, [], merkle.hash_leaf(LEAVES[0]))
    assert not merkle.verify_inclusion(LEAVES[0], index, 1, [], merkle.hash_leaf(LEAVES[0]))
