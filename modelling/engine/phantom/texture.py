"""The trabecular pattern: a periodic Gaussian random field whose thickened zero surfaces are the trabeculae. Pure.

A field g of mean 0 and SD 1 has |g| < t in exactly the share erf(t / sqrt 2) of its volume, so BV/TV is what is asked
for (Cahn, J Chem Phys 42:93, 1965, for level cuts of Gaussian fields). Its band of wave numbers sets how many plates
there are a millimetre, and a stretch along the arm lays them lengthwise. Being a sum of whole periods it joins itself
at its ends without a seam.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.special import erfinv

from modelling.engine.jit import compiled

Field = NDArray[np.float32]

STRETCH = 2.2
"""How much longer the pattern is along z than across."""
BAND = 0.30
"""Width of the band of wave numbers, as a share of its centre."""
WAVES_PER_TRABECULA = 0.82
"""Centre of the band, waves a mm, for Tb.N of 1 a mm. Set by Tb.N as Hildebrand and Rüegsegger measure it: the spacing
of mid-axes is that of the larger gaps between a wave's two zero surfaces."""
SIDE_MM = (15.6, 19.5, 23.4)
"""Period of the pattern along z, y, x, mm, before it is rounded to voxels."""


def level_of(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the level t with |g| < t in a share of the volume (0 to 1): sqrt 2 times the inverse error function."""
    return np.asarray(np.sqrt(2.0) * erfinv(np.clip(share, 0.0, 0.999)))


def make_field(
    tb_n: float, voxel_mm: float, rng: np.random.Generator, side_mm: tuple[float, float, float] = SIDE_MM
) -> Field:
    """Return one period of the pattern, (z, y, x) float32, mean 0 and SD 1.

    tb_n: trabeculae a mm. voxel_mm: side of a voxel. side_mm: the period (z, y, x), rounded to voxels.
    Raises ValueError where a plate and its gap have fewer than three voxels.
    """
    if 1.0 / (tb_n * voxel_mm) < 3.0:
        raise ValueError(f"Tb.N of {tb_n:.2f} /mm at voxels of {voxel_mm:.3f} mm; wanted three voxels a trabecula")
    shape = tuple(fft.next_fast_len(round(side / voxel_mm), real=True) for side in side_mm)
    waves = fft.rfftn(rng.standard_normal(shape, dtype=np.float32))
    steps = [fft.fftfreq(n, voxel_mm).astype(np.float32) for n in shape[:2]]
    along_x = fft.rfftfreq(shape[2], voxel_mm).astype(np.float32)
    _keep_band(waves, steps[0] * np.float32(STRETCH), steps[1], along_x, WAVES_PER_TRABECULA * tb_n)
    field = np.asarray(fft.irfftn(waves, s=shape, overwrite_x=True), np.float32)
    field -= field.mean(dtype=np.float64)
    field /= field.std(dtype=np.float64)
    return field


@compiled()
def _keep_band(
    waves: NDArray[np.complex64], fz: Field, fy: Field, fx: Field, centre: float
) -> None:  # pragma: no cover - compiled
    """Multiply each wave by a Gaussian band about `centre`, waves a mm; the mean goes."""
    for i in range(fz.size):
        for j in range(fy.size):
            across = fz[i] * fz[i] + fy[j] * fy[j]
            for k in range(fx.size):
                off = (np.sqrt(across + fx[k] * fx[k]) - centre) / (BAND * centre)
                waves[i, j, k] *= np.float32(np.exp(-off * off))
    waves[0, 0, 0] = 0.0


def count_walls(bone: NDArray[np.bool_], voxel_mm: float) -> float:
    """Return the trabeculae met a mm of a straight line across the arm: half the changes between bone and marrow.

    bone: (z, y, x) bool. Lines run along y and x. A count of a phantom's own pattern, not the Tb.N of a scanner.
    """
    changes = sum(int(np.count_nonzero(np.diff(bone, axis=axis))) for axis in (1, 2))
    length = 2.0 * bone.size * voxel_mm
    return changes / 2.0 / length
