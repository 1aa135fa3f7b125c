"""Images of a few invented people, made once for all tests that look at them."""

from datetime import UTC, date, datetime
from functools import cache

import numpy as np

from modelling.engine.phantom.dicom_writer import Identity
from modelling.engine.phantom.hrpqct import make_hrpqct
from modelling.engine.phantom.images import Images, make_images
from modelling.engine.phantom.twin import Twin, make_twin
from modelling.engine.phantom.worlds import make_person

SEED = 5
IDENTITY = Identity("SIM-EXE-0001", "Simulated^Ann", date(1955, 2, 3), datetime(2026, 6, 1, 9, 30, tzinfo=UTC))
VOXEL_MM = 0.15
"""The coarsest at which trabeculae are drawn: the quickest."""


@cache
def images_of(index: int, side: str = "R") -> Images:
    """Return the images of one person of SEED."""
    return make_images(make_person(SEED, index), side)


@cache
def twin_of(index: int) -> Twin:
    """Return the resolved forearm of one person of SEED."""
    return make_twin(make_person(SEED, index), VOXEL_MM)


@cache
def stack_of(index: int, side: str = "R") -> np.ndarray:
    """Return the HR-pQCT stack of one person of SEED."""
    return make_hrpqct(twin_of(index), make_person(SEED, index), side)
