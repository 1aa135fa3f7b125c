"""Letters in the picture and the marker of the side, through the reader as the process it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cohort.deid.builders import lay_out, run_reader
from tests.cohort.deid.films import Picture, make_arm, write_on
from tests.cohort.formats.builders import make_dxa, make_film, make_slices, save


def marked(letter: str) -> Picture:
    return write_on(make_arm(320, 240), letter, (12, 30), 40)


def read_film(folder: Path, pixels: Picture, header: str = "R", side: str = "R", **other: Any) -> Any:
    """Return (the verdict on a film, its series or None)."""
    made = make_film(pixels, header)
    answer = run_reader(lay_out(folder / "job", [save(made, folder / "a.dcm")], "film", side, **other))
    return answer["files"][0], (answer["series"] or [None])[0]


def test_form_header_and_marker_agree(tmp_path: Path) -> None:
    verdict, series = read_film(tmp_path, marked("R"))
    assert verdict["verdict"] == "accepted", verdict["reason"]
    assert series["side_evidence"] == {"form": "R", "header": "R", "marker": "R"}


def test_a_marker_of_the_other_side_stops_with_a_choice(tmp_path: Path) -> None:
    verdict, series = read_film(tmp_path, marked("L"))
    assert (verdict["verdict"], verdict["step"], verdict["code"]) == ("side_conflict", "side", "side")
    assert "The marker in the picture says LEFT (at 1" in verdict["reason"]
    assert "dropped at the RIGHT forearm" in verdict["reason"]
    assert series is None


def test_a_marker_that_somebody_called_wrong_comes_in_and_stays_on_record(tmp_path: Path) -> None:
    verdict, series = read_film(tmp_path, marked("L"), side_answer="header_wrong")
    assert verdict["verdict"] == "accepted", verdict["reason"]
    assert series["side_evidence"] == {"form": "R", "header": "R", "marker": "L"}


@pytest.mark.parametrize("answer", ["", "header_wrong"])
def test_a_picture_that_was_turned_over_does_not_come_in(tmp_path: Path, answer: str) -> None:
    turned = np.ascontiguousarray(marked("R")[:, ::-1])
    verdict, series = read_film(tmp_path, turned, side_answer=answer)
    assert (verdict["verdict"], verdict["step"], verdict["code"]) == ("refused", "side", "mirrored")
    assert "reads backwards: the picture was turned over" in verdict["reason"]
    assert series is None


def test_a_film_with_a_name_in_it_is_kept_back_and_the_place_is_told(tmp_path: Path) -> None:
    named = write_on(marked("R"), "MUSTERFRAU ERIKA", (20, 250), 14)
    verdict, series = read_film(tmp_path, named)
    assert (verdict["verdict"], verdict["step"], verdict["code"]) == ("refused", "read", "letters")
    assert verdict["reason"].startswith("Letters found in the picture at 2")
    assert verdict["reason"].endswith("they may be a name. Crop or redact them and send it again.")
    assert "MUSTERFRAU" not in verdict["reason"].upper()
    assert series is None


def test_a_dxa_with_a_name_in_it_is_kept_back(tmp_path: Path) -> None:
    plain = (make_arm(300, 240) // 8).astype(np.uint16)
    for picture, verdict_wanted in (
        (plain, "accepted"),
        (write_on(plain, "MUSTERFRAU 04.05.1960", (10, 20), 16, grey=9000), "refused"),
    ):
        made = make_dxa(side="R")
        made.Rows, made.Columns, made.PixelData = *picture.shape, picture.tobytes()
        folder = tmp_path / verdict_wanted
        folder.mkdir()
        answer = run_reader(lay_out(folder / "job", [save(made, folder / "a.dcm")], "dxa", "R"))
        assert answer["files"][0]["verdict"] == verdict_wanted, answer["files"][0]["reason"]


def test_slices_of_a_scanner_are_not_looked_at_for_letters(tmp_path: Path) -> None:
    slices = [save(one, tmp_path / f"{number}.dcm") for number, one in enumerate(make_slices([0.0, 2.2]))]
    answer = run_reader(lay_out(tmp_path / "job", slices, "pqct"))
    assert {one["verdict"] for one in answer["files"]} == {"accepted"}
    assert answer["series"][0]["side_evidence"]["marker"] is None
