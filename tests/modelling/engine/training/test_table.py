"""From cells to numbers: what is learned comes from training people alone."""

from pathlib import Path

import numpy as np
import pytest

from modelling.engine.training.snapshot import Column, read_snapshot
from modelling.engine.training.table import TableScaler, choose_columns
from tests.modelling.engine.snapshots import change_table, make_snapshot

AGE = Column("age_y", "number", "y", (), "dem")
SEX = Column("sex", "category", "", ("1", "2"), "dem")


def test_training_people_get_a_mean_of_0_and_a_spread_of_1(tmp_path: Path) -> None:
    snapshot = read_snapshot(make_snapshot(tmp_path, n=30, missing=0))
    rows = np.arange(20)
    found = TableScaler.fit(snapshot, [AGE], rows).transform(snapshot)[rows, 0]
    assert found.mean() == pytest.approx(0, abs=1e-12)
    assert found.std() == pytest.approx(1)


def test_a_held_out_person_changes_nothing_that_was_learned(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path, n=30)
    before = read_snapshot(folder)
    rows = np.arange(29)
    change_table(folder, before.tokens[29], "age_y", "1000")
    after = read_snapshot(folder)
    columns = list(before.columns)
    assert TableScaler.fit(after, columns, rows) == TableScaler.fit(before, columns, rows)
    changed = TableScaler.fit(after, columns, np.arange(30))
    assert changed != TableScaler.fit(before, columns, np.arange(30)), "the change must matter to somebody"


def test_a_missing_number_becomes_the_mean_and_says_that_it_is_missing(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path, n=10, missing=0)
    token = read_snapshot(folder).tokens[0]
    change_table(folder, token, "age_y", "")
    snapshot = read_snapshot(folder)
    scaler = TableScaler.fit(snapshot, [AGE], np.arange(10))
    assert [feature.kind for feature in scaler.features] == ["value", "missing"]
    assert scaler.transform(snapshot)[0].tolist() == [0, 1]
    assert scaler.transform(snapshot)[1, 1] == 0


def test_nothing_says_missing_where_nothing_was(tmp_path: Path) -> None:
    snapshot = read_snapshot(make_snapshot(tmp_path, n=10, missing=0))
    assert [one.kind for one in TableScaler.fit(snapshot, [AGE], np.arange(10)).features] == ["value"]


def test_a_category_gives_one_number_a_code_and_none_for_an_unknown_code(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path, n=10, missing=0)
    tokens = read_snapshot(folder).tokens
    for number, token in enumerate(tokens):
        change_table(folder, token, "sex", "9" if number == 9 else str(1 + number % 2))
    snapshot = read_snapshot(folder)
    scaler = TableScaler.fit(snapshot, [SEX], np.arange(9))
    assert [feature.code for feature in scaler.features] == ["1", "2"]
    assert scaler.transform(snapshot)[[0, 1, 9]].tolist() == [[1, 0], [0, 1], [0, 0]]


def test_a_column_empty_for_all_who_train_gives_no_number(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path, n=4, missing=0)
    for token in read_snapshot(folder).tokens[:3]:
        change_table(folder, token, "age_y", "")
    assert TableScaler.fit(read_snapshot(folder), [AGE], np.arange(3)).features == ()


def test_a_column_without_spread_becomes_0(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path, n=4, missing=0)
    for token in read_snapshot(folder).tokens:
        change_table(folder, token, "age_y", "70")
    snapshot = read_snapshot(folder)
    assert TableScaler.fit(snapshot, [AGE], np.arange(4)).transform(snapshot).tolist() == [[0.0]] * 4


def test_what_is_no_number_is_refused_by_the_name_of_its_column(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path, n=4, missing=0)
    change_table(folder, read_snapshot(folder).tokens[0], "age_y", "old")
    with pytest.raises(ValueError, match="the column 'age_y' holds something that is no number"):
        TableScaler.fit(read_snapshot(folder), [AGE], np.arange(4))


def test_a_flag_that_is_neither_0_nor_1_is_refused(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path, n=4, missing=0)
    change_table(folder, read_snapshot(folder).tokens[0], "fall_12m", "8")
    flag = Column("fall_12m", "flag", "", (), "fal")
    with pytest.raises(ValueError, match="the flag 'fall_12m' holds '8'; wanted 0 or 1"):
        TableScaler.fit(read_snapshot(folder), [flag], np.arange(4))


def test_a_column_the_snapshot_does_not_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the snapshot has no column 'ls_t'"):
        choose_columns(read_snapshot(make_snapshot(tmp_path)), ["age_y", "ls_t"])


def test_what_was_learned_survives_being_written_down(tmp_path: Path) -> None:
    snapshot = read_snapshot(make_snapshot(tmp_path))
    scaler = TableScaler.fit(snapshot, list(snapshot.columns), np.arange(20))
    assert TableScaler.of(scaler.as_json()) == scaler
