"""Stored tables of the attenuation of bone mineral, water, fat and aluminium, and the spectrum of the radiograph. Pure.

Mass attenuation coefficients, cm2/g: xraydb 4.5.8 for Ca5(PO4)3OH, H2O, the adipose tissue of ICRU Report 44 and
aluminium (densities 3.16, 1.00, 0.95 and 2.70 g/cm3). Spectrum: SpekPy 2.5.4, 55 kVp, tungsten at 12 degrees, 2.5 mm
Al, put into bins of 3 keV; its mean energy is 34.12 keV and its half-value layer 1.919 mm Al. The beams of the DXA:
SpekPy, 76 kVp, 2.5 mm Al and 400 mg/cm2 of cerium, whose edge at 40.4 keV leaves two humps; counted apart below and
above 45 keV.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HA_DENSITY = 3.16
"""g/cm3, of bone mineral without pores."""
FAT_DENSITY = 0.95
"""g/cm3."""

ALUMINIUM_DENSITY = 2.70
"""g/cm3."""

SPECTRUM_KEV = np.array([16.08, 18.80, 21.65, 24.57, 27.53, 30.50, 33.49, 36.47, 39.46, 42.45, 45.43, 48.40, 51.74])
SPECTRUM_PHOTONS = np.array(
    [
        0.00436,
        0.02534,
        0.06186,
        0.09666,
        0.11881,
        0.12663,
        0.12372,
        0.11387,
        0.09982,
        0.08338,
        0.06565,
        0.04693,
        0.03284,
    ]
)
"""Share of the photons in each bin."""


@dataclass(frozen=True)
class Coefficients:
    """Mass attenuation at one energy or at several, cm2/g: floats, or arrays of one shape."""

    ha: NDArray[np.float64]
    water: NDArray[np.float64]
    fat: NDArray[np.float64]


SPECTRUM = Coefficients(
    ha=np.array(
        [12.2445, 7.8286, 5.2323, 3.6561, 2.6596, 2.0067, 1.5604, 1.2481, 1.0216, 0.8539, 0.7274, 0.6301, 0.5453]
    ),
    water=np.array(
        [1.3894, 0.9369, 0.6786, 0.5251, 0.4292, 0.3667, 0.3240, 0.2938, 0.2716, 0.2549, 0.2419, 0.2316, 0.2223]
    ),
    fat=np.array(
        [0.9139, 0.6438, 0.4893, 0.3970, 0.3390, 0.3009, 0.2746, 0.2558, 0.2417, 0.2309, 0.2224, 0.2155, 0.2091]
    ),
)
SPECTRUM_ALUMINIUM = np.array(
    [6.4875, 4.1143, 2.7446, 1.9255, 1.4137, 1.0814, 0.8559, 0.6988, 0.5854, 0.5016, 0.4384, 0.3898, 0.3474]
)
"""Mass attenuation of aluminium in each bin, cm2/g."""
AT_38_KEV = Coefficients(ha=np.array(1.12345), water=np.array(0.28166), fat=np.array(0.2481))
AT_70_KEV = Coefficients(ha=np.array(0.31312), water=np.array(0.19285), fat=np.array(0.1875))


@dataclass(frozen=True)
class Beam:
    """Photons of one energy window: how many, as shares, and how they are attenuated; arrays of one shape."""

    photons: NDArray[np.float64]
    mass: Coefficients


LOW_BEAM = Beam(
    photons=np.array([0.00462, 0.02866, 0.09624, 0.21917, 0.38769, 0.26362]),
    mass=Coefficients(
        ha=np.array([3.1114, 2.3359, 1.8013, 1.4245, 1.153, 1.0019]),
        water=np.array([0.4726, 0.3982, 0.3471, 0.3109, 0.2845, 0.2697]),
        fat=np.array([0.3653, 0.3202, 0.2889, 0.2665, 0.2499, 0.2405]),
    ),
)
"""26.0 to 39.8 keV, mean 36.7 keV."""
HIGH_BEAM = Beam(
    photons=np.array([0.00751, 0.01914, 0.0395, 0.06881, 0.12242, 0.13978, 0.16699, 0.18884, 0.15507, 0.09194]),
    mass=Coefficients(
        ha=np.array([0.6809, 0.5944, 0.5256, 0.4703, 0.4248, 0.3882, 0.3574, 0.3319, 0.3104, 0.2922]),
        water=np.array([0.2371, 0.2278, 0.2201, 0.2137, 0.2082, 0.2035, 0.1993, 0.1957, 0.1924, 0.1895]),
        fat=np.array([0.2192, 0.2129, 0.2076, 0.2031, 0.1991, 0.1956, 0.1925, 0.1897, 0.1871, 0.1848]),
    ),
)
"""46.8 to 73.3 keV, mean 64.2 keV."""
