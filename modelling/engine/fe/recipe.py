"""What is chosen before a bone is tested, as plain values that can be sent, hashed and stored (pure: no torch)."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from modelling.engine.fe.criterion import Criterion
from modelling.engine.fe.loads import make_load
from modelling.engine.fe.material import XCT1_MODULUS_MPA, XCT2_MODULUS_MPA, Material, Spacing
from modelling.engine.fe.quantities import AXIAL
from modelling.engine.features.segmentation import CORTICAL_MG, TRABECULAR_MG, XCT1, XCT2, choose_recipe

MODULUS_MPA: Final = {XCT1: XCT1_MODULUS_MPA, XCT2: XCT2_MODULUS_MPA}
"""Tissue modulus of each scanner generation, told by the size of its voxels."""

_TIGHTEST, _LOOSEST = 1e-8, 1e-3


@dataclass(frozen=True)
class Recipe:
    """direction: of `loads.DIRECTIONS`. strain: displacement of the top over the height. critical_strain,
    critical_volume: of `Criterion`. tolerance: relative residual to reach.
    """

    modulus_mpa: float
    direction: str = AXIAL
    poisson: float = 0.3
    strain: float = 0.01
    critical_strain: float = 0.007
    critical_volume: float = 0.02
    tolerance: float = 1e-5

    def __post_init__(self) -> None:
        """Refuse what no test can be made with."""
        self.make_material()
        make_load(self.direction, self.strain)
        self.make_criterion()
        if not _TIGHTEST <= self.tolerance <= _LOOSEST:
            raise ValueError(f"tolerance is {self.tolerance:g}; wanted {_TIGHTEST:g} to {_LOOSEST:g}")

    def make_material(self) -> Material:
        """Return the material. Raises ValueError for what no isotropic solid can have."""
        return Material(self.modulus_mpa, self.poisson)

    def make_criterion(self) -> Criterion:
        """Return the criterion of failure. Raises ValueError for what is no strain or no share."""
        return Criterion(self.critical_strain, self.critical_volume)

    def describe(self) -> dict[str, Any]:
        """Return every parameter as plain values."""
        return asdict(self)


def read_recipe(told: dict[str, Any]) -> Recipe:
    """Return the recipe of plain values. Raises ValueError naming what is missing, unknown or out of range."""
    try:
        numbers = {name: float(value) for name, value in told.items() if name != "direction"}
        return Recipe(direction=str(told.get("direction", AXIAL)), **numbers)
    except TypeError as error:
        raise ValueError(f"a parameter of the test is missing or unknown ({error})") from None


def tissue_modulus(spacing_mm: Spacing) -> float:
    """Return the tissue modulus, MPa, for the scanner that has voxels of this size."""
    return MODULUS_MPA[choose_recipe(spacing_mm)]


def describe_segmentation(spacing_mm: Spacing, site: str) -> dict[str, Any]:
    """Return by which recipe bone is told in voxels of this size, with its levels where it has fixed ones."""
    recipe = choose_recipe(spacing_mm)
    levels = {"trabecular_mg": TRABECULAR_MG, "cortical_mg": CORTICAL_MG} if recipe == XCT2 else {}
    return {"segmentation": recipe, "site": site, **levels}
