"""Images as a net sees them: the same field in mm, values untouched."""

from pathlib import Path

import numpy as np
import pytest
import torch

from modelling.engine.training.images import count_channels, cut_field, fit_image, get_unit, load_images, pick_slices
from modelling.engine.training.snapshot import ImageFile, read_snapshot
from tests.modelling.engine.snapshots import make_snapshot, replace_file


def save(folder: Path, values: np.ndarray, step_mm: float) -> ImageFile:
    np.save(folder / "image.npy", values.astype(np.float32))
    return ImageFile(folder / "image.npy", (1.0, step_mm, step_mm), "1")


def test_a_flat_image_keeps_its_value(tmp_path: Path) -> None:
    fitted = fit_image(save(tmp_path, np.full((1, 200, 150), 1.25), 0.5), "film", 1, 96)
    assert fitted.shape == (1, 96, 96)
    assert torch.allclose(fitted, torch.tensor(1.25))


def test_a_bone_of_half_the_size_stays_half_the_size_whatever_the_pixel(tmp_path: Path) -> None:
    def width_px(width_mm: float, step_mm: float) -> float:
        values = np.zeros((1, round(80 / step_mm), round(80 / step_mm)))
        middle, half = values.shape[2] // 2, round(width_mm / 2 / step_mm)
        values[:, :, middle - half : middle + half] = 1
        return float(fit_image(save(tmp_path, values, step_mm), "film", 1, 96)[0, 48].sum())

    # 24 mm of a field of 64 mm in 96 pixels are 36 pixels.
    assert width_px(24, 0.2) == pytest.approx(36, abs=1)
    assert width_px(24, 0.5) == pytest.approx(36, abs=1)
    assert width_px(12, 0.2) == pytest.approx(18, abs=1)


def test_the_field_follows_the_bone_and_goes_on_dark_beyond_the_edge() -> None:
    values = np.full((1, 40, 40), 0.1, np.float32)
    values[0, 15:20, 0:5] = 1
    cut = cut_field(values, (1, 1, 1), 20)
    assert cut.shape == (1, 20, 20)
    assert cut[0, 8:13, 8:13].mean() > 0.9
    assert cut[0, :, :7] == pytest.approx(0.1)


def test_slices_are_taken_from_the_first_to_the_last() -> None:
    stack = np.arange(5, dtype=np.float32)[:, None, None] * np.ones((1, 2, 2), np.float32)
    assert pick_slices(stack, 3)[:, 0, 0].tolist() == [0, 2, 4]
    assert pick_slices(stack[:1], 2)[:, 0, 0].tolist() == [0, 0]


def test_images_of_two_units_are_not_mixed(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path, n=10)
    listed = (folder / "images.csv").read_bytes()
    replace_file(folder, "images.csv", listed.replace(b"g/cm2", b"HU", 1))
    with pytest.raises(ValueError, match="'dxa' are in 'HU' and in 'g/cm2'; wanted one unit"):
        get_unit(read_snapshot(folder), "dxa")


def test_whoever_lacks_an_image_is_marked(tmp_path: Path) -> None:
    snapshot = read_snapshot(make_snapshot(tmp_path, n=20, missing=0.4))
    images, has = load_images(snapshot, "pqct", count_channels(snapshot, "pqct"), 32)
    assert images.shape == (20, 2, 32, 32)
    assert [token in snapshot.images["pqct"] for token in snapshot.tokens] == has.tolist()
    assert 0 < int(has.sum()) < 20
