"""The demo's invented people are made in order, on machines that give an ordinary user no shared memory too."""

import multiprocessing.synchronize
from datetime import date
from pathlib import Path

import pytest

from portal.demo.invented import MODALITIES, Wish, invent, make_all


def test_everybody_is_made_in_order_without_shared_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError("no shared memory for you")

    monkeypatch.setattr(multiprocessing.synchronize.SemLock, "__init__", refuse)
    with pytest.raises(PermissionError):
        multiprocessing.get_context("spawn").Lock()
    people = [invent(number, number, date(2026, 3, 2)) for number in (1, 2, 3)]
    made = list(make_all([Wish(one, tmp_path / str(one.number)) for one in people], 2))
    assert [one.one.number for one in made] == [1, 2, 3]
    assert all(path.is_file() for one in made for modality in MODALITIES for path in one.files[modality])
