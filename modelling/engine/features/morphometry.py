"""The indices of an HR-pQCT volume: areas, densities, and the structure of its two compartments (pure).

Definitions: Bouxsein et al., J Bone Miner Res 25:1468 (2010); Whittier et al., Osteoporos Int 31:1607 (2020).
Trabecular thickness, separation and number are taken from the volume itself for either scanner generation, never
derived from density.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.contour import CUBE, SITES, Compartments, box_of, find_compartments
from modelling.engine.features.cortical import find_pores, outline_length, porosity
from modelling.engine.features.segmentation import choose_recipe, segment
from modelling.engine.features.thickness import EXACT, Thickness, measure_spacing, measure_thickness

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
Say = Callable[[int, int, str], None]

UNITS: Final = MappingProxyType(
    {
        "Tt.Ar": "mm2",
        "Tb.Ar": "mm2",
        "Ct.Ar": "mm2",
        "Ct.Pm": "mm",
        "Tt.vBMD": "mg HA/cm3",
        "Tb.vBMD": "mg HA/cm3",
        "Ct.vBMD": "mg HA/cm3",
        "BV/TV": "1",
        "Tb.N": "1/mm",
        "Tb.Th": "mm",
        "Tb.Sp": "mm",
        "Ct.Th": "mm",
        "Ct.Po": "1",
    }
)
"""The thirteen indices and their units, in the order of reports."""

_CUBIC: Final = 0.02
"""Share by which the edges of a voxel may differ and still count as equal."""
_STEPS: Final = 6
_MARGIN: Final = 2


@dataclass(frozen=True)
class Bone:
    """What is measured. density: (z, y, x) mg HA/cm3, or None where there is no calibration. trabecular_bone,
    cortical_bone: (z, y, x) bool, bone tissue by the level of each compartment; the same array for one level.
    """

    density: Floats32 | None
    trabecular_bone: Mask
    cortical_bone: Mask
    compartments: Compartments
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Morphometry:
    """What came out. indices: symbol to value, in UNITS. thickness, separation, cortical: maps of the whole volume in
    voxels, for pictures; 0 where not measured. seen: share of each phase whose largest ball lies in the volume.
    left_out: symbol to the reason why this volume cannot give it.
    """

    indices: dict[str, float]
    bone: Bone
    voxel_mm: float
    thickness: Floats32
    separation: Floats32
    pores: Mask | None
    seen: dict[str, float]
    left_out: dict[str, str]


def outline_bone(
    density: Floats32 | None, bone: Mask | None, spacing_mm: tuple[float, float, float], site: str
) -> Bone:
    """Return the tissue and the compartments of a volume.

    density: (z, y, x) mg HA/cm3 or None. bone: (z, y, x) bool where the caller has segmented, else None.
    site: radius, tibia, or cube, where the whole volume is the trabecular region.
    Raises ValueError: another site, neither density nor bone, voxels that are no cubes, no bone found.
    """
    if site not in SITES:
        raise ValueError(f"'{site}' is no site; wanted one of {', '.join(SITES)}")
    if max(spacing_mm) > min(spacing_mm) * (1 + _CUBIC):
        z, y, x = spacing_mm
        raise ValueError(f"voxels of {z:g} x {y:g} x {x:g} mm were found; wanted cubes")
    recipe = choose_recipe(spacing_mm)
    if bone is not None:
        tissue_trabecular = tissue_cortical = bone
    elif density is not None:
        tissue = segment(density, recipe)
        tissue_trabecular, tissue_cortical = tissue.trabecular, tissue.cortical
    else:
        raise ValueError("neither densities nor a segmentation were given")
    if site == CUBE:
        whole = np.ones(tissue_trabecular.shape, np.bool_)
        parts = Compartments(whole, whole, ~whole)
    else:
        # A segmentation has no densities: bone as dense as bone is has the same outline.
        seen = density if density is not None else tissue_trabecular.astype(np.float32) * np.float32(1000)
        parts = find_compartments(seen, spacing_mm, site, recipe)
    return Bone(density, tissue_trabecular, tissue_cortical, parts, spacing_mm)


def measure_bone(bone: Bone, mode: str = EXACT, say: Say | None = None) -> Morphometry:
    """Return the indices of a bone. mode: of `thickness`. say: told (step, of, words) as the work goes on.

    Without density the vBMD are left out, without a cortex its indices are. Raises ValueError where there is no
    trabecular bone, or no marrow between it.
    """
    tell = say or (lambda step, of, words: None)
    parts, voxel = bone.compartments, float(np.cbrt(np.prod(bone.spacing_mm)))
    box = box_of(parts.total, _MARGIN)
    total, trabecular, cortical = parts.total[box], parts.trabecular[box], parts.cortical[box]
    tissue = bone.trabecular_bone[box] & total
    found = dict(_areas_and_densities(bone))
    if not (tissue & trabecular).any() or not trabecular.any():
        raise ValueError("no bone was found in the trabecular compartment")
    found["BV/TV"] = float(tissue[trabecular].mean())
    tell(1, _STEPS, "trabecular thickness")
    thickness = measure_thickness(tissue, trabecular, mode)
    found["Tb.Th"], seen, left_out = thickness.mean * voxel, {"Tb.Th": thickness.seen}, dict[str, str]()
    tell(2, _STEPS, "trabecular separation")
    separation = _try("Tb.Sp", lambda: measure_thickness(np.asarray(total & ~tissue), trabecular, mode), left_out)
    if separation is not None:
        found["Tb.Sp"], seen["Tb.Sp"] = separation.mean * voxel, separation.seen
    tell(3, _STEPS, "trabecular number")
    spacing = _try("Tb.N", lambda: measure_spacing(tissue, trabecular, mode), left_out)
    if spacing is not None:
        found["Tb.N"], seen["Tb.N"] = 1 / (spacing.mean * voxel), spacing.seen
    pores = None
    if cortical.any():
        tell(4, _STEPS, "cortical thickness")
        found["Ct.Th"] = measure_thickness(cortical, cortical, mode).mean * voxel
        tell(5, _STEPS, "cortical porosity")
        pores = find_pores(bone.cortical_bone, parts.cortical)
        found["Ct.Po"] = porosity(pores, parts.cortical)
    tell(_STEPS, _STEPS, "done")
    indices = {name: found[name] for name in UNITS if name in found}
    thick, apart = (_put_back(one, box, parts.total.shape) for one in (thickness, separation))
    return Morphometry(indices, bone, voxel, thick, apart, pores, seen, left_out)


def _try(name: str, act: Callable[[], Thickness], left_out: dict[str, str]) -> Thickness | None:
    """Return what an act gives; where the volume is too small or too even for it, write down why."""
    try:
        return act()
    except ValueError as error:
        left_out[name] = str(error)
        return None


def _areas_and_densities(bone: Bone) -> list[tuple[str, float]]:
    parts, (_, y, x) = bone.compartments, bone.spacing_mm
    found: list[tuple[str, float]] = []
    named = (("Tt", parts.total), ("Tb", parts.trabecular), ("Ct", parts.cortical))
    if parts.cortical.any():
        n_slices = parts.total.shape[0]
        found += [(f"{name}.Ar", float(one.sum()) / n_slices * y * x) for name, one in named]
        found.append(("Ct.Pm", outline_length(parts.total, float(np.sqrt(y * x)))))
    if bone.density is not None:
        found += [(f"{name}.vBMD", float(bone.density[one].mean(dtype=np.float64))) for name, one in named if one.any()]
    return found


def _put_back(one: Thickness | None, box: tuple[slice, slice, slice], shape: tuple[int, ...]) -> Floats32:
    found = np.zeros(shape, np.float32)
    if one is not None:
        found[box] = np.abs(one.map)
    return found
