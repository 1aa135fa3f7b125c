"""Reading a snapshot folder: what is in it, and that nothing changed is ever used."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modelling.engine.training.snapshot import read_snapshot
from tests.modelling.engine.snapshots import make_snapshot, replace_file


def test_a_snapshot_is_read_with_its_people_in_order(tmp_path: Path) -> None:
    snapshot = read_snapshot(make_snapshot(tmp_path, n=20, with_weights=True))
    assert snapshot.n == 20
    assert list(snapshot.tokens) == sorted(snapshot.tokens)
    assert snapshot.labels is not None
    assert int(snapshot.labels.sum()) == 8
    assert snapshot.weights is not None
    assert snapshot.weights.mean() == pytest.approx(1)
    assert set(snapshot.images) == {"film", "dxa", "pqct"}
    assert next(iter(snapshot.images["pqct"].values())).read().shape == (2, 32, 32)


def test_a_test_snapshot_has_no_labels(tmp_path: Path) -> None:
    assert read_snapshot(make_snapshot(tmp_path, purpose="test")).labels is None


def test_a_changed_file_is_refused_by_name(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path)
    read_snapshot(folder)
    (folder / "labels.csv").write_bytes((folder / "labels.csv").read_bytes() + b"\n")
    with pytest.raises(ValueError, match=r"labels\.csv has the SHA-256 .*; the manifest says"):
        read_snapshot(folder)


def test_a_file_nobody_named_is_refused(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path)
    (folder / "surplus.csv").write_text("x")
    with pytest.raises(ValueError, match=r"surplus\.csv lies in the folder but not in the manifest"):
        read_snapshot(folder)


def test_a_changed_manifest_is_refused(tmp_path: Path) -> None:
    folder = make_snapshot(tmp_path)
    text = (folder / "manifest.json").read_text("utf-8")
    (folder / "manifest.json").write_text(text.replace('"simulated"', '"human"'), "utf-8")
    with pytest.raises(ValueError, match=r"manifest\.json has the SHA-256"):
        read_snapshot(folder)


def double_a_row(table: bytes) -> bytes:
    lines = table.splitlines(keepends=True)
    return b"".join([*lines[:-1], lines[1]])


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("labels.csv", lambda text: text.replace(b",1", b",2"), "holds the label '2'; wanted 0 or 1"),
        ("labels.csv", lambda text: b"\n".join(text.splitlines()[:-1]), "not the same ones"),
        ("table.csv", lambda text: text.replace(b"age_y", b"age"), "lacks the column 'age_y'"),
        ("table.csv", double_a_row, "stands twice"),
        ("images.csv", lambda text: text.replace(b"images/film", b"../../film", 1), "points out of the snapshot"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, name: str, change: Callable[[bytes], bytes], words: str) -> None:
    folder = make_snapshot(tmp_path)
    replace_file(folder, name, change((folder / name).read_bytes()))
    with pytest.raises(ValueError, match=words):
        read_snapshot(folder)


def test_an_image_of_another_kind_is_refused(tmp_path: Path) -> None:
    image = next(iter(read_snapshot(make_snapshot(tmp_path)).images["film"].values()))
    np.save(image.path, np.zeros((1, 4, 4), np.float64))
    with pytest.raises(ValueError, match=r"holds float64 \(1, 4, 4\); wanted float32"):
        image.read()
    np.save(image.path, np.full((1, 4, 4), np.nan, np.float32))
    with pytest.raises(ValueError, match="not finite"):
        image.read()
