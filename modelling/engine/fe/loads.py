"""How a piece of bone is loaded: its lower face glued, its upper face moved as one."""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from modelling.engine.fe.mesh import Mesh

DIRECTIONS = ("z", "fall")


@dataclass(frozen=True)
class Load:
    """Every node of the lowest layer is held; every node of the highest is moved by `strain` times the height.

    angle_degrees: from compression along z (0) towards shear along y (90). "z" is the axial test of the reference
    laboratory (Pistoia et al., Bone 30:842, 2002; MacNeil and Boyd, Bone 42:1203, 2008); "fall" is pure shear.
    """

    strain: float = 0.01
    angle_degrees: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what moves nothing, or too far for a linear theory."""
        if not 0 < self.strain <= 0.1:
            raise ValueError(f"strain is {self.strain}; wanted above 0 and at most 0.1 (10 %)")

    @property
    def unit(self) -> NDArray[np.float64]:
        """(3,) z, y, x: the direction in which the upper face moves."""
        angle = radians(self.angle_degrees)
        return np.array([-cos(angle), sin(angle), 0.0])


def make_load(direction: str, strain: float) -> Load:
    """Return the load of a name of `DIRECTIONS`."""
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is {direction!r}; wanted one of {', '.join(DIRECTIONS)}")
    return Load(strain, 0.0 if direction == "z" else 90.0)


def place_load(mesh: Mesh, load: Load) -> tuple[NDArray[np.bool_], NDArray[np.float64], float]:
    """Return what is held (N, 3), where the iteration starts (N, 3) in mm, and the displacement of the top in mm.

    The start is the even strain of a solid block, exact on both faces.
    """
    level = mesh.find_grid()[:, 0]
    height = mesh.shape[0]
    moved = load.strain * height * mesh.spacing_mm[0]
    held = np.repeat(((level == 0) | (level == height))[:, None], 3, axis=1)
    start = (level / height)[:, None] * (moved * load.unit)
    return held, start, moved
