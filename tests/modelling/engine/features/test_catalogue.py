"""The catalogue against everything that rests on it: classification, code, units, forms, the document."""

from importlib import import_module

import pytest

from cohort.imaging.models import Modality
from cohort.measurements.models import OUTCOME_FAMILY, BaseMeasurement
from cohort.study.dictionary import load_dictionary
from frontend.units import write_unit
from modelling.engine.features.catalogue import DXA, MEASURED, QUANTITIES, list_quantities
from modelling.engine.features.describing import describe_modality
from modelling.engine.features.quantities import Quantity
from modelling.engine.features.quantities_pqct import SITES
from modelling.engine.training.admissible import OP_WHO, Use, classify
from modelling.engine.training.fields import MEASUREMENTS
from tests.services import ROOT

ALL = list(QUANTITIES.values())


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_quantity_says_what_it_is_and_where_it_is_computed(one: Quantity) -> None:
    module, _, function = one.function.partition(".")
    assert callable(getattr(import_module(f"modelling.engine.features.{module}"), function))
    for words in (one.symbol, one.unit, one.title, one.definition, one.source):
        assert words
    assert 0 <= one.decimals <= 4
    assert (one.cv_percent is None) == (one.cv_source == "")
    assert len(one.name) <= BaseMeasurement._meta.get_field("name").max_length
    assert len(one.unit) <= BaseMeasurement._meta.get_field("unit").max_length


def test_the_quantities_are_those_that_are_classified_for_the_tasks() -> None:
    for modality in Modality.values:
        assert {one.base for one in ALL if one.modality == modality} == set(MEASUREMENTS[modality].split())
    for one in ALL:
        assert classify(OP_WHO, one.base).use in Use


def test_a_quantity_is_valid_in_one_modality_that_is_measured() -> None:
    assert {one.modality for one in ALL} == set(MEASURED) == set(Modality.values)
    assert {one.name for one in ALL if one.name.startswith(OUTCOME_FAMILY)} == {
        one.name for one in list_quantities(DXA)
    }


def test_two_quantities_of_one_image_share_neither_title_nor_symbol() -> None:
    for modality in MEASURED:
        for site in ("", *SITES):
            here = [one for one in ALL if (one.modality, one.site) == (modality, site)]
            assert len({one.title for one in here}) == len(here)
            assert len({one.symbol for one in here}) == len(here)


def test_a_quantity_that_a_form_asks_for_has_its_unit() -> None:
    asked = [one for one in ALL if one.field]
    assert len(asked) > 20
    for one in asked:
        unit = load_dictionary().field(one.field).unit
        assert unit.replace("mg/cm3", "mg HA/cm3") == one.unit or unit == one.unit, one.name


def test_rigidity_of_a_section_is_never_named_strength() -> None:
    # The strength of a piece of bone, by finite elements in HR-pQCT, is another quantity.
    assert not [one.name for one in ALL if "strength" in one.title.lower() and one.base != "pqct.bsi"]
    assert all("rigidity" in one.title for one in ALL if "rigidity" in one.name)


@pytest.mark.parametrize("modality", ["film", "dxa", "pqct"])
def test_the_document_holds_the_table_of_the_catalogue(modality: str) -> None:
    document = (ROOT / "docs" / "measurements.md").read_text("utf-8")
    assert describe_modality(modality) in document, f"print it by describe_modality('{modality}')"


def test_units_are_written_as_pages_write_them() -> None:
    assert write_unit("mm2") == "mm\N{SUPERSCRIPT TWO}"
