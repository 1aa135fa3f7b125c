"""`python -m tests.cohort.deid.forty_films`: in how many of 40 phantom films the lead letter is read rightly.

Printed, and no test: forty phantoms take minutes.
"""

import sys

from cohort.deid.marker import read_marker
from cohort.deid.text import find_text
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.worlds import make_person

N_FILMS = 40


def main() -> int:
    """Print how many are read rightly, known when they are turned over, and free of words that are none."""
    n_right = n_mirrored = n_clean = 0
    for number in range(N_FILMS):
        side = "LR"[number % 2]
        film = make_images(make_person(11, number), side).film
        picture, pixel_mm = film.values[0], film.spacing_mm[2]
        straight, turned = read_marker(picture, pixel_mm), read_marker(picture[:, ::-1], pixel_mm)
        n_right += straight is not None and (straight.letter, straight.is_mirrored) == (side, False)
        n_mirrored += turned is not None and (turned.letter, turned.is_mirrored) == (side, True)
        n_clean += not find_text(picture)
    sys.stdout.write(
        f"of {N_FILMS} phantom films: {n_right} markers read rightly, {n_mirrored} known as mirrored when turned over, "
        f"{n_clean} without a word that is none\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
