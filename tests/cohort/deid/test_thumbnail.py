"""The small picture: its window, its scale, its mark."""

import numpy as np

from cohort.deid.thumbnail import draw_thumbnail, window

GREY = np.full((240, 240), 1000, np.uint16)


def test_the_bar_is_ten_millimetres_long() -> None:
    # 240 px of 0.25 mm drawn as 240 px: 10 mm are 40 px. The lowest bright row belongs to the bar.
    picture = np.asarray(draw_thumbnail(GREY, (0.25, 0.25), "patient", is_simulated=False))
    assert picture.shape == (240, 240)
    bar = np.flatnonzero(picture[231] == 255)
    assert bar[-1] - bar[0] == 40


def test_without_a_spacing_there_is_no_bar() -> None:
    picture = np.asarray(draw_thumbnail(GREY, (1, 1), "none", is_simulated=False))
    assert (picture == 128).all()


def test_the_mark_is_in_the_pixels_of_what_is_simulated_alone() -> None:
    plain = np.asarray(draw_thumbnail(GREY, (1, 1), "none", is_simulated=False))
    marked = np.asarray(draw_thumbnail(GREY, (1, 1), "none", is_simulated=True))
    assert (plain[:24] == 128).all()
    assert (marked[:24] == 255).sum() > 50


def test_oblong_pixels_are_drawn_in_their_shape() -> None:
    assert draw_thumbnail(GREY, (0.5, 0.25), "patient", is_simulated=False).size == (120, 240)


def test_a_few_extreme_values_do_not_darken_the_picture() -> None:
    values = np.tile(np.arange(100, dtype=np.float32), (100, 1))
    values[0, 0] = 1e6
    shown = window(values)
    assert shown[50, 50] in range(120, 136)
    assert window(np.zeros((3, 3))).tolist() == [[128] * 3] * 3
