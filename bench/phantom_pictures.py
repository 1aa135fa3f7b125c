"""`python -m bench.phantom_pictures FOLDER`: the pictures of docs/phantom.md, of one phantom drawn at 61 um."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from modelling.engine.phantom.fine import Segment
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.twin import make_twin
from modelling.engine.phantom.worlds import make_person

MARK = "SIMULATED"


def main(words: Sequence[str] | None = None) -> int:
    """Write phantom-film.png, phantom-dxa.png, phantom-slices.png and phantom-bone.png."""
    parser = argparse.ArgumentParser(prog="python -m bench.phantom_pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--index", type=int, default=4)
    parser.add_argument("--voxel-mm", type=float, default=0.061)
    arguments = parser.parse_args(words)
    person = make_person(arguments.seed, arguments.index)
    twin = make_twin(person, arguments.voxel_mm)
    images = make_images(person, "R", twin=twin)
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    film = images.film.values[0].astype(float)
    save(folder / "phantom-film.png", stretch(film, np.quantile(film, 0.02), np.quantile(film[:, 30:-30], 0.995)), 560)
    save(folder / "phantom-dxa.png", stretch(images.dxa.values[0], 0.0, 0.9), 360)
    pqct = np.hstack([stretch(one, -200, 1200) for one in images.pqct.values])
    assert images.hrpqct is not None
    stack = stretch(images.hrpqct.values[images.hrpqct.values.shape[0] // 2], -200, 1200)
    width = stack.shape[1]
    pqct = np.asarray(Image.fromarray(pqct).resize((width, width // 2)))
    save(folder / "phantom-slices.png", np.vstack([stack, pqct]), 700)
    save(folder / "phantom-bone.png", shade(twin.segments[0]), 560)
    return 0


def stretch(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    """Return values between low and high as greys from black to white."""
    return np.asarray(np.clip((np.asarray(values, float) - low) / (high - low), 0, 1) * 255, np.uint8)


def shade(segment: Segment) -> NDArray[np.uint8]:
    """Return the scanned piece of radius with its front half cut away, lit from above: the first surface met."""
    bone = segment.mineral > 0.2
    half = bone[:, : bone.shape[1] // 2]
    tilted = ndimage.rotate(half[:, ::-1].astype(np.uint8), 25, axes=(0, 1), order=0, reshape=True) > 0
    depth = np.where(tilted.any(axis=1), tilted.argmax(axis=1), tilted.shape[1]).astype(float)
    down, across = np.gradient(ndimage.gaussian_filter(depth, 0.7))
    light = (0.8 - 0.5 * down - 0.3 * across) / np.sqrt(1 + down**2 + across**2)
    far = 1 - 0.6 * depth / tilted.shape[1]
    return np.asarray(np.where(depth < tilted.shape[1], 255 * np.clip(light, 0.12, 1) * far, 0), np.uint8)


def save(path: Path, picture: NDArray[np.uint8], width: int) -> None:
    """Write a picture with the mark in its corner."""
    height = round(picture.shape[0] * width / picture.shape[1])
    found = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(found)
    pen.rectangle((0, height - 16, 66, height), fill=0)
    pen.text((4, height - 14), MARK, fill=255)
    found.save(path, optimize=True)


if __name__ == "__main__":
    raise SystemExit(main())
