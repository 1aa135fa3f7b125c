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
        bone, edge, modulus = file["bone"], float(file["edge"]), float(file["modulus"])
    begun = time.perf_counter()
    run = run_parosol if name == "parosol" else run_scikit_fem
    answer = run(bone, edge, modulus, float(tolerance), int(processes))
    answer["seconds"] = time.perf_counter() - begun
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    answer["cpu_seconds"] = sum(one.ru_utime + one.ru_stime for one in used)
    answer["peak_mb"] = max(one.ru_maxrss for one in used) / 1024
    sys.stdout.write(json.dumps(answer) + "\n")


def run_parosol(bone: Any, edge: float, modulus: float, tolerance: float, processes: int) -> dict[str, Any]:
    """Axial test of a volume (z, y, x)."""
    import parosol_py  # noqa: PLC0415 - only one of the peers may be there

    os.environ |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    found = parosol_py.solve(
        material=bone.astype(np.float32) * modulus,
        spacing=(edge, edge, edge),
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


def run_scikit_fem(bone: Any, edge: float, modulus: float, _tolerance: float, _processes: int) -> dict[str, Any]:
    """Same test by assembly and a sparse direct solver: for small volumes."""
    import skfem  # noqa: PLC0415
    from skfem.models.elasticity import lame_parameters, linear_elasticity  # noqa: PLC0415

    corners = np.array([[z, y, x] for z in (0, 1) for y in (0, 1) for x in (0, 1)])
    # The order of the corners of its hexahedron: skfem.MeshHex1's own documentation.
    order = [tuple(row) for row in skfem.MeshHex().p.T.astype(int)]
    at = np.argwhere(bone)
    points = np.stack([at + order[k] for k in skfem.MeshHex().t[:, 0]], axis=1)
    assert len(corners) == points.shape[1]
    nodes, number = np.unique(points.reshape(-1, 3), axis=0, return_inverse=True)
    mesh = skfem.MeshHex(nodes.T * edge, number.reshape(-1, 8).T)
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementHex1()), intorder=2)
    stiffness = linear_elasticity(*lame_parameters(modulus, 0.3)).assemble(basis)
    height = bone.shape[0] * edge
    u = np.zeros(basis.N)
    low, high = (basis.get_dofs(lambda x, z=z: np.isclose(x[0], z)) for z in (0.0, height))
    u[high.nodal["u^1"]] = -0.01 * height
    held = np.concatenate([low.all(), high.all()])
    u = skfem.solve(*skfem.condense(stiffness, x=u, D=held))
    force = stiffness @ u
    return {"reaction_force_n": abs(float(force[high.nodal["u^1"]].sum())), "iterations": 0}


if __name__ == "__main__":
    main(*sys.argv[1:5])
