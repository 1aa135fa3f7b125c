"""Merkle trees as RFC 6962 section 2.1 and RFC 9162 section 2.1 define them, with SHA-256.

A leaf is hashed behind a 0x00 byte and a node behind 0x01, so that no node can pass for a leaf. Everything runs
level by level in loops: the odd node at the end of a level rises unchanged, which gives the tree of the RFC.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from hmac import compare_digest

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962 section 2.1)."""


def hash_leaf(leaf: bytes) -> bytes:
    """Return the 32-byte hash of one leaf."""
    return sha256(b"\x00" + leaf).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of a node over its two children."""
    return sha256(b"\x01" + left + right).digest()


def compute_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaves in their order, keeping only one hash for each level in memory."""
    peaks: list[tuple[int, bytes]] = []  # (height, hash) of the complete subtrees so far, the tallest first
    for leaf in leaves:
        height, node = 0, hash_leaf(leaf)
        while peaks and peaks[-1][0] == height:
            height, node = height + 1, hash_node(peaks.pop()[1], node)
        peaks.append((height, node))
    if not peaks:
        return EMPTY_ROOT
    root = peaks.pop()[1]
    while peaks:
        root = hash_node(peaks.pop()[1], root)
    return root


class Tree:
    """All levels of one tree, for those who need proofs: about 65 bytes of memory for each leaf and node."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        level = [hash_leaf(leaf) for leaf in leaves]
        self._levels = [level]
        while len(level) > 1:
            level = list(_hash_pairs(level))
            self._levels.append(level)

    def __len__(self) -> int:
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """The root over all leaves."""
        return self._levels[-1][0] if len(self) else EMPTY_ROOT

    def prove_inclusion(self, index: int) -> list[bytes]:
        """Return the hashes that lead from the leaf at `index` (counted from 0) to the root (RFC 9162 2.1.3.1)."""
        if not 0 <= index < len(self):
            raise ValueError(f"leaf {index} is not in a tree of {len(self)} leaves")
        return self._climb(index, 0)

    def prove_consistency(self, earlier_size: int) -> list[bytes]:
        """Return the hashes that show that the first `earlier_size` leaves are still the same (RFC 9162 2.1.4.1)."""
        if not 0 < earlier_size <= len(self):
            raise ValueError(f"an earlier tree of {earlier_size} leaves cannot be compared with {len(self)} leaves")
        if earlier_size == len(self):
            return []
        node, height = earlier_size - 1, 0
        while node % 2:  # up to the largest complete subtree that ends the earlier tree
            node, height = node // 2, height + 1
        start = [self._levels[height][node]] if node else []  # a complete earlier tree is known by its own root
        return start + self._climb(node, height)

    def _climb(self, node: int, height: int) -> list[bytes]:
        path = []
        for level in self._levels[height:]:
            sibling = node ^ 1
            if sibling < len(level):
                path.append(level[sibling])
            node //= 2
        return path


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Return whether `path` shows that `leaf` is number `index` (from 0) of the `size` leaves under `root`.

    Source: RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    node, last, result = index, size - 1, hash_leaf(leaf)
    for step in path:
        if last == 0:
            return False
        if node % 2 or node == last:
            result = hash_node(step, result)
            while node and node % 2 == 0:  # levels on which this node was the odd one and rose unchanged
                node, last = node // 2, last // 2
        else:
            result = hash_node(result, step)
        node, last = node // 2, last // 2
    return last == 0 and compare_digest(result, root)


def verify_consistency(earlier_size: int, earlier_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Return whether `path` shows that the tree under `root` begins with the whole tree under `earlier_root`.

    An empty earlier tree says nothing, so it is not accepted. Source: RFC 9162 section 2.1.4.2.
    """
    if not 0 < earlier_size <= size:
        return False
    if earlier_size == size:
        return not path and compare_digest(earlier_root, root)
    steps = list(path)
    if earlier_size & (earlier_size - 1) == 0:
        steps.insert(0, earlier_root)  # a complete earlier tree is itself the first node
    return bool(steps) and _grow_both(earlier_size - 1, size - 1, steps) == (earlier_root, root)


def _grow_both(node: int, last: int, steps: list[bytes]) -> tuple[bytes, bytes] | None:
    """Return the roots of the earlier and of the later tree that the steps lead to, or None if they do not fit."""
    while node % 2:
        node, last = node // 2, last // 2
    earlier = later = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if node % 2 or node == last:
            earlier, later = hash_node(step, earlier), hash_node(step, later)
            while node and node % 2 == 0:
                node, last = node // 2, last // 2
        else:
            later = hash_node(later, step)
        node, last = node // 2, last // 2
    return (earlier, later) if last == 0 else None


def _hash_pairs(level: Sequence[bytes]) -> Iterator[bytes]:
    for left in range(0, len(level) - 1, 2):
        yield hash_node(level[left], level[left + 1])
    if len(level) % 2:
        yield level[-1]
