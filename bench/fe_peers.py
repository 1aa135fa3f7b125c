"""Run one peer on one volume, in its own Python and process: `python fe_peers.py parosol|scikit-fem VOLUME.npz TOL N`.

ParOSol (parosol-py) is GPL: it is called by its public function here and nowhere in the product. Prints one JSON line.
"""

import json
import os
import resource
import sys
import time
from typing import Any

import numpy as np


def main(name: str, path: str, tolerance: str, processes: str) -> None:
    """Run and print."""
    with np.load(path) as file:
        volume = dict(file)
    begun = time.perf_counter()
    run = run_parosol if name == "parosol" else run_scikit_fem
    answer = run(volume, float(tolerance), int(processes))
    answer["seconds"] = time.perf_counter() - begun
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    answer["cpu_seconds"] = sum(one.ru_utime + one.ru_stime for one in used)
    answer["peak_mb"] = max(one.ru_maxrss for one in used) / 1024
    sys.stdout.write(json.dumps(answer) + "\n")


def run_parosol(volume: dict[str, Any], tolerance: float, processes: int) -> dict[str, Any]:
    """Axial test of a volume (z, y, x) of cubes of one modulus."""
    import parosol_py  # noqa: PLC0415 - only one of the peers may be there

    os.environ |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    found = parosol_py.solve(
        material=volume["bone"].astype(np.float32) * float(volume["modulus"]),
        spacing=(float(volume["edge"]),) * 3,
        material_unit="MPa",
        test="axial",
        test_axis="z",
        strain=-0.01,
        tolerance=tolerance,
        mpi_processes=processes,
    )
    run = found.summary.run
    return {
        "reaction_force_n": abs(found.diagnostics["mechanics"]["reaction_force"]["z"]),
        "failure_load_n": abs(found.diagnostics["failure"]["failure_load"]["z"]),
        "iterations": run.iterations,
        "solver_seconds": run.overall_time_seconds,
    }


def run_scikit_fem(volume: dict[str, Any], _tolerance: float, _processes: int) -> dict[str, Any]:
    """Same test by assembly and a sparse direct solver: for small volumes.

    `edge` may be three edges (z, y, x), `modulus` one of each voxel (z, y, x), `direction` 0 (z) or 1 (the top is moved
    along y): the force is the one along that direction.
    """
    import skfem  # noqa: PLC0415
    from skfem.helpers import ddot, div, sym_grad  # noqa: PLC0415

    bone, edges, axis = volume["bone"], np.broadcast_to(volume["edge"], 3), int(volume.get("direction", 0))
    # The order of the corners of its hexahedron: skfem.MeshHex's own.
    order = skfem.MeshHex().p.T.astype(int)
    points = np.argwhere(bone)[:, None] + order[skfem.MeshHex().t[:, 0]]
    nodes, number = np.unique(points.reshape(-1, 3), axis=0, return_inverse=True)
    mesh = skfem.MeshHex(nodes.T * edges[:, None], number.reshape(-1, 8).T)
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementHex1()), intorder=2)
    moduli = np.broadcast_to(volume["modulus"], bone.shape)[bone]

    @skfem.BilinearForm  # type: ignore[untyped-decorator]
    def elasticity(u: Any, v: Any, w: Any) -> Any:
        """Lame's parameters of E and a Poisson's ratio of 0.3."""
        return w["e"] / 1.3 * (ddot(sym_grad(u), sym_grad(v)) + 0.3 / 0.4 * div(u) * div(v))

    flat = basis.with_element(skfem.ElementHex0())
    stiffness = elasticity.assemble(basis, e=flat.interpolate(moduli.astype(np.float64)))
    height = bone.shape[0] * edges[0]
    u = np.zeros(basis.N)
    low, high = (basis.get_dofs(lambda x, z=z: np.isclose(x[0], z)) for z in (0.0, height))
    moved = high.nodal[f"u^{axis + 1}"]
    u[moved] = 0.01 * height
    u = skfem.solve(*skfem.condense(stiffness, x=u, D=np.concatenate([low.all(), high.all()])))
    return {"reaction_force_n": abs(float((stiffness @ u)[moved].sum())), "iterations": 0}


if __name__ == "__main__":
    main(*sys.argv[1:5])
