"""Blocks and lattices of bone small enough to be solved in a blink, and an assembled solver to hold ours to."""

import itertools

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import spsolve

from modelling.engine.fe.material import make_element_matrix
from modelling.engine.fe.mesh import Mesh, build_mesh, find_box, keep_largest_piece
from modelling.engine.fe.solver import Settings

EXACT = Settings(tolerance=1e-12, max_iterations=400)


def make_block(nz: int, ny: int, nx: int) -> NDArray[np.bool_]:
    return np.ones((nz, ny, nx), np.bool_)


def make_trabeculae(shape: tuple[int, int, int], seed: int = 1, share: float = 0.3) -> NDArray[np.bool_]:
    """Return the largest piece of a smoothed random field cut so that about `share` of the box is bone."""
    field = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 2.0)
    piece, _ = keep_largest_piece(field > np.quantile(field, 1 - share))
    return np.ascontiguousarray(piece[find_box(piece)])


def make_struts(n: int = 24) -> NDArray[np.bool_]:
    """Return a grid of struts two voxels thick: many ways round, none of them solid."""
    on = (np.arange(n) % 6) < 2
    return np.asarray(
        (on[:, None, None] & on[None, :, None]) | (on[:, None] & on[None, :])[None] | (on[:, None, None] & on)
    )


def solve_assembled(
    mesh: Mesh, modulus: NDArray[np.float32], poisson: float, held: NDArray[np.bool_], value: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return displacements and forces (N, 3) by a sparse direct solver."""
    dofs = (3 * mesh.conn[:, :, None].astype(np.int64) + np.arange(3)).reshape(-1, 24)
    unit = make_element_matrix(mesh.spacing_mm, poisson)
    values = (modulus.astype(np.float64)[:, None, None] * unit).ravel()
    rows, columns = np.repeat(dofs, 24, axis=1).ravel(), np.tile(dofs, (1, 24)).ravel()
    whole = scipy.sparse.csr_matrix((values, (rows, columns)), shape=(3 * mesh.n_nodes,) * 2)
    free, fixed = np.flatnonzero(~held.ravel()), np.flatnonzero(held.ravel())
    u = value.ravel().copy()
    u[free] = spsolve(whole[free][:, free].tocsc(), -whole[free][:, fixed] @ u[fixed])
    return u.reshape(-1, 3), (whole @ u).reshape(-1, 3)


def list_rotations() -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return eight ways to lay a cube down: every order of the axes, and two with axes turned about."""
    orders = list(itertools.permutations(range(3)))
    return [(order, (1, 1, 1)) for order in orders] + [(orders[0], (-1, 1, 1)), (orders[3], (1, -1, -1))]


def make_mesh(bone: NDArray[np.bool_], spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Mesh:
    return build_mesh(bone, spacing)
