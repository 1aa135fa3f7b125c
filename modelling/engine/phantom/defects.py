"""What goes wrong in clinics, made on purpose: the rest of the portal must notice it. Pure."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from cohort.formats.volume import Volume
from modelling.engine.phantom.images import Images

MOTION, WRONG_SIDE, MISSING, BURNED_IN, CLIPPED = "motion", "wrong-side", "missing", "burned-in", "clipped"
DEFECTS = {
    MOTION: "the arm moves during pQCT and HR-pQCT",
    WRONG_SIDE: "the headers name the other side",
    MISSING: "one modality was not taken",
    BURNED_IN: "a name is burned into the film",
    CLIPPED: "the field of view cuts through the bone",
}
MODALITIES = ("film", "dxa", "pqct", "hrpqct")
TEXT_GREY = 60_000


@dataclass(frozen=True)
class Defect:
    """One defect. missing: the modality that was not taken, where that is the defect."""

    name: str
    missing: str | None = None


def draw_defect(rng: np.random.Generator, share: float) -> Defect | None:
    """Return a defect with the probability `share`, each kind as often.

    Raises ValueError for a share outside 0 to 1.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a share of defects of {share}; wanted 0 to 1")
    chance, kind, modality = rng.random(), int(rng.integers(len(DEFECTS))), int(rng.integers(len(MODALITIES)))
    if chance >= share:
        return None
    name = list(DEFECTS)[kind]
    return Defect(name, MODALITIES[modality] if name == MISSING else None)


def burn_in(film: Volume, text: str) -> Volume:
    """Return the film with a text burned into its upper edge, as an old film reader does."""
    rows, columns = film.values.shape[1:]
    mask = Image.new("1", (6 * len(text) + 4, 12))
    ImageDraw.Draw(mask).text((2, 0), text, fill=1)
    height = max(14, rows // 36)
    letters = np.asarray(mask.resize((min(columns - 20, mask.width * height // 12), height)))
    values = film.values.copy()
    values[0, 4 : 4 + letters.shape[0], 10 : 10 + letters.shape[1]][letters] = TEXT_GREY
    return replace(film, values=values)


def clip_field(images: Images) -> Images:
    """Return images whose field of view ends in the radius: film and stacks lose the thumb's third."""

    def cut(volume: Volume) -> Volume:
        n = volume.values.shape[2] * 2 // 3
        # A right hand's thumb is on the left of a film, and on the right of a slice.
        from_left = (volume.kind == "film") == (images.side == "R")
        kept = volume.values[:, :, -n:] if from_left else volume.values[:, :, :n]
        return replace(volume, values=np.ascontiguousarray(kept))

    stack = None if images.hrpqct is None else cut(images.hrpqct)
    return replace(images, film=cut(images.film), hrpqct=stack)
