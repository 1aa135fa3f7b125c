"""The phantom's files go through the portal's own reader of uploads like a clinic's."""

import pytest

from modelling.engine.phantom.dicom_writer import write_dicom
from tests.cohort.deid.builders import fingerprints, lay_out, run_reader
from tests.modelling.engine.phantom.phantoms import IDENTITY, images_of

FILES = {"film": ["film"], "dxa": ["dxa"], "pqct": ["pqct-1", "pqct-2"]}


@pytest.fixture
def answer_to(tmp_path):
    write_dicom(images_of(0), IDENTITY, tmp_path / "clinic")
    family, given = IDENTITY.name.split("^")
    known = fingerprints(
        family_name=family, given_name=given, birth_date=IDENTITY.born_on, hospital_number=IDENTITY.patient_id
    )

    def send(modality, **other):
        paths = [tmp_path / "clinic" / f"{name}.dcm" for name in FILES[modality]]
        told = {"side": "R", "origin": "simulated", "fingerprints": known} | other
        return run_reader(lay_out(tmp_path / modality, paths, modality, **told))

    return send


@pytest.mark.parametrize("modality", FILES)
def test_each_modality_is_taken_in_as_what_it_is(answer_to, modality):
    answer = answer_to(modality)
    assert [file["verdict"] for file in answer["files"]] == ["accepted"] * len(FILES[modality])
    (series,) = answer["series"]
    assert (series["modality"], series["side"], series["n_instances"]) == (modality, "R", len(FILES[modality]))


def test_a_phantom_of_another_person_is_refused(answer_to):
    (file,) = answer_to("film", fingerprints=fingerprints())["files"]
    assert (file["verdict"], file["step"]) == ("refused", "match")


def test_a_phantom_dropped_at_the_other_side_is_a_conflict(answer_to):
    (file,) = answer_to("film", side="L")["files"]
    assert file["verdict"] == "side_conflict"
