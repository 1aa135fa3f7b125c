"""Mechanical tests by finite elements: what is written of them, and who reads it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from cohort.imaging.models import Series
from cohort.measurements.models import StrengthTest, StrengthValue
from cohort.measurements.strength import record_strength
from cohort.participants.models import Participant
from modelling.engine.fe.recipe import Recipe
from modelling.measuring.strength import ask_strength
from portal.audit.models import Read
from portal.core.errors import Refused
from portal.core.hashing import sha256_file
from portal.roles.actors import WORKER
from tests.cast import Cast, hands, make_participant
from tests.cohort.measurements.builders import lay_series, lay_strength
from tests.cohort.pages import look_as, words
from tests.database import rolls_back

pytestmark = rolls_back

VALUES = {
    "fe.failure_load": 2439.4,
    "fe.stiffness": 400.0,
    "fe.reaction_force": 4000.0,
    "fe.apparent_modulus": 900.0,
    "fe.effective_strain": 0.011,
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


@pytest.fixture
def volume(cast: Cast, ann: Participant) -> Series:
    return lay_series(cast, ann, "hrpqct", unit="mg HA/cm3")


def record(test: StrengthTest, folder: Path, digest: str = "", **changes: float) -> None:
    path = folder / "file"
    path.write_bytes(b"content")
    files = dict.fromkeys(("field", "picture"), (path, digest or sha256_file(path)))
    values = list((VALUES | {f"fe.{name}": value for name, value in changes.items()}).items())
    record_strength(actor=WORKER, test=test, values=values, facts={"residual": 1e-6}, files=files)


def test_a_strength_stands_on_the_page_with_its_picture_and_every_parameter(
    cast: Cast, ann: Participant, volume: Series, tmp_path: Path
):
    test = lay_strength(cast, volume, tmp_path)
    page = look_as(cast.nora).get(f"/participants/{ann.code}/measurements/")
    shown = words(page)
    assert "Failure load, axial load | F.Load | 2439" in shown
    assert "Compressed along its axis" in shown
    for part in ("Young's modulus", "8748", "Critical volume", "0.02", "Residual reached", "3e-06", "SIMULATED"):
        assert part in shown
    assert f"/measurements/strength/{test.pk}.png" in page.content.decode()
    # The rigidity of a section is another quantity, and stands nowhere near it.
    assert "rigidity" not in shown.lower()


def test_every_row_of_a_strength_in_the_table_has_its_whole_recipe(
    cast: Cast, ann: Participant, volume: Series, tmp_path: Path
):
    lay_strength(cast, volume, tmp_path)
    lay_strength(cast, volume, tmp_path, "fall")
    text = look_as(cast.nora).get(f"/participants/{ann.code}/measurements.csv").content.decode()
    assert text.startswith("# SIMULATED")
    rows = list(csv.DictReader(io.StringIO(text.partition("\r\n")[2])))
    assert len(rows) == 10
    for row in rows:
        recipe = json.loads(row["recipe"])
        assert recipe["direction"] == ("fall" if row["name"].endswith("@fall") else "z")
        assert (recipe["modulus_mpa"], recipe["critical_strain"]) == (8748, 0.007)
        assert (row["origin"], row["pixel_sha256"], row["version"]) == ("SIMULATED", "a" * 64, "1")


def test_picture_and_field_are_for_those_who_see_the_measurements(cast: Cast, volume: Series, tmp_path: Path):
    test = lay_strength(cast, volume, tmp_path)
    addresses = [f"/measurements/strength/{test.pk}.png", f"/measurements/strength/{test.pk}.nii.gz"]
    answers = {
        who: [look_as(getattr(cast, who)).get(address).status_code for address in addresses]
        for who in ("nora", "paula", "nell", "ana")
    }
    assert answers == {"nora": [200, 200], "paula": [200, 200], "nell": [404, 404], "ana": [403, 403]}
    response = look_as(cast.nora).get(addresses[1])
    assert "SIMULATED-" in response["Content-Disposition"]
    assert b"".join(response.streaming_content) == b"a field"
    assert Read.objects.filter(what="series", subject=str(volume.pk)).exists()
    again = look_as(cast.nora).get(addresses[0], headers={"If-None-Match": f'"{test.picture_sha256}"'})
    assert again.status_code == 304


def test_a_test_that_gave_nothing_yet_has_no_picture(cast: Cast, ann: Participant, volume: Series):
    test = ask_strength(actor=cast.dan, series=volume, recipe=Recipe(8748.0))
    assert look_as(cast.nora).get(f"/measurements/strength/{test.pk}.png").status_code == 404
    assert "Failure load" not in words(look_as(cast.nora).get(f"/participants/{ann.code}/measurements/"))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"failure_load": float("nan")}, "'fe.failure_load' is nan; wanted a finite number above 0"),
        ({"stiffness": 0.0}, "'fe.stiffness' is 0.0"),
        ({"stiffness@fall": 3.0}, "the values are .*fe.stiffness@fall"),
        ({"rigidity": 3.0}, "the values are .*fe.rigidity"),
    ],
)
def test_a_value_of_another_load_or_of_no_use_is_refused(
    cast: Cast, volume: Series, tmp_path: Path, changes: dict[str, float], found: str
):
    test = ask_strength(actor=cast.dan, series=volume, recipe=Recipe(8748.0))
    with pytest.raises(Refused, match=found):
        record(test, tmp_path, **changes)
    assert not StrengthValue.objects.exists()


def test_a_picture_that_is_not_the_reported_one_is_refused(cast: Cast, volume: Series, tmp_path: Path):
    test = ask_strength(actor=cast.dan, series=volume, recipe=Recipe(8748.0))
    with pytest.raises(Refused, match="the field that was written is not the one that was reported"):
        record(test, tmp_path, digest="0" * 64)


@pytest.mark.parametrize("column", ["recipe", "field_sha256", "facts"])
def test_what_was_tested_never_changes(cast: Cast, volume: Series, tmp_path: Path, column: str):
    test = ask_strength(actor=cast.dan, series=volume, recipe=Recipe(8748.0))
    record(test, tmp_path)
    changed = {"recipe": {}, "field_sha256": "b" * 64, "facts": {"residual": 0.0}}[column]
    with (
        pytest.raises(Exception, match=f"the column {column} of measurements_strengthtest never changes"),
        hands(cast.nora),
    ):
        StrengthTest.objects.filter(pk=test.pk).update(**{column: changed})


def test_a_test_of_another_origin_is_refused_by_the_database(cast: Cast, volume: Series):
    test = ask_strength(actor=cast.dan, series=volume, recipe=Recipe(8748.0))
    with pytest.raises(Exception, match="never changes"), hands(cast.nora):
        StrengthTest.objects.filter(pk=test.pk).update(origin="human")
