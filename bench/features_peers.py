"""Run bone-microarchitecture (MIT) in its own Python and process: `python features_peers.py VOLUME.npz`."""

import json
import sys
import time

import numpy as np
from bone_microarchitecture.thickness import hildebrand_thickness_map, summary, trabecular_number_map


def main(path: str) -> None:
    """Print the trabecular indices and the time as one line of JSON."""
    with np.load(path) as found:
        bone, (x, y, z) = found["labels"] > 0, (float(one) for one in found["spacing_xyz"])
    spacing, whole = (z, y, x), np.ones(bone.shape, np.bool_)
    begun, cpu = time.perf_counter(), time.process_time()
    thickness = hildebrand_thickness_map(bone, spacing, backend="cpu")
    separation = hildebrand_thickness_map(~bone, spacing, backend="cpu")
    number = trabecular_number_map(bone, whole, spacing, backend="cpu")
    row = {
        "BV/TV": float(bone.mean()),
        "Tb.N": float(1 / np.mean(1 / number[number > 0])),
        "Tb.Th": summary(thickness)["mean"],
        "Tb.Sp": summary(separation)["mean"],
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - cpu,
    }
    sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
