"""Coarser meshes for the multigrid that keep the holes of the fine one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.fe import joining
from modelling.engine.fe.material import CORNERS

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Lattice:
    """A mesh as the multigrid sees it: elements and nodes with their places on the grid of their level, z rising."""

    conn: Ints
    """(E, 8) nodes of each element."""
    cell: Ints
    """(E, 3) z, y, x of each element, in elements."""
    grid: Ints
    """(N, 3) z, y, x of each node, in elements."""


@dataclass(frozen=True)
class Coarsening:
    """A coarser lattice and how the finer hangs in it."""

    lattice: Lattice
    parent: Ints
    """(fine E,) coarse element of each fine element."""
    owner: Ints
    """(fine N,) a coarse element that holds the fine node."""
    code: NDArray[np.uint8]
    """(fine N,) place of the node in its owner: 9 z + 3 y + x in half edges, each 0, 1 or 2."""


def coarsen(fine: Lattice) -> Coarsening:
    """Return the lattice of twice the edge.

    A coarse element is a set of fine ones in one 2x2x2 block that hang together; a coarse node is shared only where
    fine bone passes. Two trabeculae with a gap of one voxel between them thus never move as one: the idea of virtual
    nodes (Molino, Bao and Fedkiw, ACM Trans Graph 23:385, 2004) brought to the coarse levels of a multigrid.
    """
    start, elements = joining.list_elements_of_nodes(fine.conn, len(fine.grid))
    block = fine.cell // 2
    size = block.max(axis=0).astype(np.int64) + 1
    number = (block[:, 0] * size[1] + block[:, 1]) * size[2] + block[:, 2]
    root = joining.join_elements(start, elements, number)
    first = np.flatnonzero(root == np.arange(len(root)))
    first = first[np.argsort(number[first], kind="stable")]
    place = np.empty(len(root), np.int32)
    place[first] = np.arange(len(first), dtype=np.int32)
    parent, cell = place[root], block[first]
    conn, grid = _number_nodes(joining.join_corners(start, elements, parent, cell, fine.grid), cell)
    owner = parent[elements[start[:-1]]]
    t = fine.grid - 2 * cell[owner]
    code = (9 * t[:, 0] + 3 * t[:, 1] + t[:, 2]).astype(np.uint8)
    return Coarsening(Lattice(conn, cell, grid), parent, owner, code)


def _number_nodes(root: Ints, cell: Ints) -> tuple[Ints, Ints]:
    """Number the sets of corners by their places, z first; return (E, 8) nodes and (N, 3) places."""
    first = np.flatnonzero(root == np.arange(len(root)))
    grid = cell[first // 8] + CORNERS[first % 8].astype(np.int32)
    order = np.lexsort((grid[:, 2], grid[:, 1], grid[:, 0]))
    number = np.empty(len(root), np.int32)
    number[first[order]] = np.arange(len(first), dtype=np.int32)
    return number[root].reshape(-1, 8), grid[order]


def make_weights() -> NDArray[np.float64]:
    """Return (27, 8): the trilinear share of each corner at each place of `Coarsening.code`."""
    places = np.stack(np.meshgrid([0.0, 0.5, 1.0], [0.0, 0.5, 1.0], [0.0, 0.5, 1.0], indexing="ij"), -1).reshape(27, 3)
    shares = np.where(CORNERS[None] == 1, places[:, None], 1 - places[:, None])
    return np.asarray(shares.prod(axis=-1))
