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
from modelling.engine.features.distance import distance_in_slices
from modelling.engine.features.segmentation import COARSEST_MM, choose_recipe, segment
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
_FINE_STRUCTURE: Final = ("BV/TV", "Tb.N", "Tb.Th", "Tb.Sp", "Ct.Po")
"""What needs voxels that show trabeculae and pores."""
_RIM: Final = 2.0
"""Voxels along the cortex whose bone has no thickness of its own."""
_LEAST_CORTEX: Final = 4.0
"""Voxels a cortex that was found in densities must be thick to have a thickness: blur makes it thicker."""


@dataclass(frozen=True)
class Bone:
    """What is measured. density: (z, y, x) mg HA/cm3, or None where there is no calibration. trabecular_bone,
    cortical_bone: (z, y, x) bool, bone tissue by the level of each compartment; the same array for one level.
    is_told: true where the caller said what is bone, so that its shape is what it is at any size of voxel.
    """

    density: Floats32 | None
    trabecular_bone: Mask
    cortical_bone: Mask
    compartments: Compartments
    spacing_mm: tuple[float, float, float]
    is_told: bool = True


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
    Raises ValueError: another site, neither density nor bone, voxels that are no cubes, no bone found or one cut off.
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
    return Bone(density, tissue_trabecular, tissue_cortical, parts, spacing_mm, is_told=bone is not None)


def measure_bone(bone: Bone, mode: str = EXACT, say: Say | None = None) -> Morphometry:
    """Return the indices of a bone. mode: of `thickness`. say: told (step, of, words) as the work goes on.

    Without density the vBMD are left out, without a cortex its indices are; where the voxels are too coarse to find
    trabeculae and pores in densities, these are.
    Raises ValueError where there is no trabecular bone, or no marrow between it.
    """
    tell = say or (lambda step, of, words: None)
    parts, voxel = bone.compartments, float(np.cbrt(np.prod(bone.spacing_mm)))
    box = box_of(parts.total, _MARGIN)
    gathered = _Gathered(dict(_areas_and_densities(bone)), {}, _refuse_coarse(bone))
    thickness = separation = pores = None
    if not gathered.left_out:
        thickness, separation = _measure_trabeculae(bone, box, mode, gathered, tell)
    if parts.cortical.any():
        tell(4, _STEPS, "cortical thickness")
        cortical = parts.cortical[box]
        gathered.add("Ct.Th", lambda: _thick_enough(measure_thickness(cortical, cortical, mode), bone), voxel)
        tell(5, _STEPS, "cortical porosity")
        if "Ct.Po" not in gathered.left_out:
            pores = find_pores(bone.cortical_bone, parts.cortical)
            gathered.indices["Ct.Po"] = porosity(pores, parts.cortical)
    tell(_STEPS, _STEPS, "done")
    indices = {name: gathered.indices[name] for name in UNITS if name in gathered.indices}
    thick, apart = (_put_back(one, box, parts.total.shape) for one in (thickness, separation))
    return Morphometry(indices, bone, voxel, thick, apart, pores, gathered.seen, gathered.left_out)


@dataclass(frozen=True)
class _Gathered:
    """What has come out so far, as in `Morphometry`."""

    indices: dict[str, float]
    seen: dict[str, float]
    left_out: dict[str, str]

    def add(self, name: str, act: Callable[[], Thickness], scale: float) -> Thickness | None:
        """Keep the mean of what an act gives, times a scale; where the volume cannot give it, write down why."""
        try:
            found = act()
        except ValueError as error:
            self.left_out[name] = str(error)
            return None
        self.indices[name], self.seen[name] = found.mean * scale, found.seen
        return found


def _refuse_coarse(bone: Bone) -> dict[str, str]:
    """Return the indices that a volume is too coarse for, with the reason; none where the caller told bone."""
    largest = max(bone.spacing_mm)
    if bone.is_told or largest <= COARSEST_MM * (1 + 1e-6):
        return {}
    why = f"voxels of {largest:.3g} mm do not show trabeculae and pores; wanted {COARSEST_MM:g} mm or finer"
    return dict.fromkeys(_FINE_STRUCTURE, why)


def _measure_trabeculae(
    bone: Bone, box: tuple[slice, slice, slice], mode: str, gathered: _Gathered, tell: Say
) -> tuple[Thickness, Thickness | None]:
    """Gather the indices of the trabecular region; return the maps of thickness and of separation."""
    total, trabecular = bone.compartments.total[box], bone.compartments.trabecular[box]
    tissue, voxel = bone.trabecular_bone[box] & total, float(np.cbrt(np.prod(bone.spacing_mm)))
    if not (tissue & trabecular).any():
        raise ValueError("no bone was found in the trabecular compartment")
    gathered.indices["BV/TV"] = float(tissue[trabecular].mean())
    tell(1, _STEPS, "trabecular thickness")
    thickness = measure_thickness(tissue, _leave_rim(tissue, trabecular, bone.compartments.cortical[box]), mode)
    gathered.indices["Tb.Th"], gathered.seen["Tb.Th"] = thickness.mean * voxel, thickness.seen
    tell(2, _STEPS, "trabecular separation")
    marrow = np.asarray(total & ~tissue)
    separation = gathered.add("Tb.Sp", lambda: measure_thickness(marrow, trabecular, mode), voxel)
    tell(3, _STEPS, "trabecular number")
    spacing = gathered.add("Tb.N", lambda: measure_spacing(tissue, trabecular, mode), voxel)
    if spacing is not None:
        gathered.indices["Tb.N"] = 1 / gathered.indices["Tb.N"]
    return thickness, separation


def _leave_rim(tissue: Mask, trabecular: Mask, cortical: Mask) -> Mask:
    """Return the trabecular region without what of it lies along the cortex: bone there is the cortex's own blur, and
    as thick as the cortex. All of it where there is no other bone."""
    if not cortical.any():
        return trabecular
    inner = np.asarray(trabecular & (distance_in_slices(cortical) > _RIM))
    return inner if (tissue & inner).any() else trabecular


def _thick_enough(cortex: Thickness, bone: Bone) -> Thickness:
    """Return a cortex as it is. Raises ValueError where blur is a large part of it."""
    if not bone.is_told and cortex.mean < _LEAST_CORTEX:
        raise ValueError(f"the cortex is {cortex.mean:.1f} voxels thick; wanted {_LEAST_CORTEX:.0f} or more")
    return cortex


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
