"""The reader's answer is taken in with distrust: it ran on files anybody may have made."""

import json
from pathlib import Path
from typing import Any

import pytest

from cohort.imaging.verdicts import BadAnswer, read_answer

FILE: dict[str, Any] = {"id": "a", "verdict": "accepted", "step": "verify", "code": "", "reason": "", "series": 1}
SERIES: dict[str, Any] = {
    "n": 1,
    "modality": "film",
    "side": "L",
    "kind": "intensity",
    "unit": "stored value",
    "n_instances": 1,
    "rows": 2,
    "columns": 3,
    "spacing_mm": [1, 0.1, 0.1],
    "spacing_is": "patient",
    "pixel_sha256": "0" * 64,
    "volume": {"min": 0, "max": 9},
    "files": [{"name": "1/0001.dcm", "sha256": "0" * 64, "bytes": 3}],
}


def answer(folder: Path, files: list[Any], series: list[Any]) -> Path:
    """Write an answer as the reader does."""
    (folder / "out" / "1").mkdir(parents=True, exist_ok=True)
    (folder / "out" / "1" / "0001.dcm").write_bytes(b"abc")
    (folder / "out" / "verdicts.json").write_text(json.dumps({"files": files, "series": series}))
    return folder


def test_a_whole_answer_is_understood(tmp_path: Path):
    found = read_answer(answer(tmp_path, [FILE], [SERIES]))
    assert found.files[0].series == 1
    assert found.series[0].columns["rows"] == 2
    assert found.series[0].files[0].role == "image"


def test_an_answer_that_is_missing_or_no_json_is_refused(tmp_path: Path):
    with pytest.raises(BadAnswer, match="cannot be understood"):
        read_answer(tmp_path)
    answer(tmp_path, [], [])
    (tmp_path / "out" / "verdicts.json").write_text("{")
    with pytest.raises(BadAnswer, match="cannot be understood"):
        read_answer(tmp_path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "1/none.dcm", "."])
def test_a_file_outside_the_readers_own_folder_is_refused(tmp_path: Path, name: str):
    bad = {**SERIES, "files": [{**SERIES["files"][0], "name": name}]}
    with pytest.raises(BadAnswer, match="is no file of the reader's own"):
        read_answer(answer(tmp_path, [FILE], [bad]))


def test_a_link_is_not_followed(tmp_path: Path):
    (tmp_path / "secret").write_text("key")
    folder = answer(tmp_path, [FILE], [SERIES])
    (folder / "out" / "1" / "0001.dcm").unlink()
    (folder / "out" / "1" / "0001.dcm").symlink_to(tmp_path / "secret")
    with pytest.raises(BadAnswer, match="is no file of the reader's own"):
        read_answer(folder)


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "0001.dcm").write_text("key")
    folder = answer(tmp_path, [FILE], [SERIES])
    (folder / "out" / "2").symlink_to(tmp_path / "elsewhere")
    bad = {**SERIES, "files": [{**SERIES["files"][0], "name": "2/0001.dcm"}]}
    with pytest.raises(BadAnswer, match="is no file of the reader's own"):
        read_answer(answer(folder, [FILE], [bad]))


def test_a_file_accepted_into_no_series_is_refused(tmp_path: Path):
    with pytest.raises(BadAnswer, match="a series that is not there"):
        read_answer(answer(tmp_path, [{**FILE, "series": 2}], [SERIES]))


def test_an_unknown_verdict_is_refused(tmp_path: Path):
    with pytest.raises(BadAnswer, match="'fine' is no verdict"):
        read_answer(answer(tmp_path, [{**FILE, "verdict": "fine"}], [SERIES]))


def test_two_series_of_one_number_are_refused(tmp_path: Path):
    with pytest.raises(BadAnswer, match="one number"):
        read_answer(answer(tmp_path, [FILE], [SERIES, SERIES]))


@pytest.mark.parametrize(("told", "grade"), [(3, 3), (0, None), (9, None), ("3", None), (None, None)])
def test_only_a_grade_of_movement_is_taken_for_one(tmp_path: Path, told: Any, grade: int | None):
    found = read_answer(answer(tmp_path, [FILE], [{**SERIES, "motion": told}]))
    assert found.series[0].motion_grade == grade
