"""Whose file is it? Digests answer; the name stays where it is."""

from datetime import date

import pytest

from cohort.deid.fingerprints import NO, SILENT, YES, Person, compare, fold_and_digest, make_fingerprints, name_pairs
from tests.cohort.deid.builders import CODE, SALT, fingerprints
from tests.cohort.formats.builders import BIRTH, NAME, NUMBER


def asked(name: str = "", birth: date | None = None, number: str = "", **other: str) -> tuple[str, str]:
    return compare(SALT, fingerprints(**other), Person(name, birth, number))


@pytest.mark.parametrize(
    "name", [NAME, "Musterfrau^Erika", "musterfrau, erika", "Erika Musterfrau", "MUSTERFRAU ERIKA"]
)
def test_the_same_person_is_known_however_the_name_is_written(name: str) -> None:
    assert asked(name, BIRTH) == (YES, "name")


def test_accents_and_hyphens_do_not_count() -> None:
    prints = make_fingerprints(
        SALT, family_name="Müller-Lüdenscheidt", given_name="René", birth_date=BIRTH, hospital_number="", code=CODE
    )
    assert compare(SALT, prints, Person("MULLER LUDENSCHEIDT^RENE", BIRTH))[0] == YES


def test_another_name_is_another_person() -> None:
    assert asked("OTHER^PERSON", BIRTH, NUMBER) == (NO, "name")


def test_another_birth_date_is_another_person() -> None:
    assert asked(NAME, date(1950, 6, 16), NUMBER) == (NO, "name")


def test_another_number_is_another_person() -> None:
    assert asked(NAME, BIRTH, "H0000999") == (NO, "number")


def test_a_number_nobody_has_on_file_says_nothing_against_the_name() -> None:
    assert asked(NAME, BIRTH, "H0000999", hospital_number="") == (YES, "name")
    assert asked("", None, "H0000999", hospital_number="") == (SILENT, "")


def test_the_research_code_will_do_and_so_will_its_simulated_form() -> None:
    assert asked("", None, CODE) == (YES, "code")
    assert asked("", None, f"SIM-{CODE}") == (YES, "code")
    assert asked(CODE, None, "") == (YES, "code")


def test_another_participants_research_code_is_another_person_even_where_no_number_is_on_file() -> None:
    assert asked("", None, "SIM-EXB-0002-5", hospital_number="") == (NO, "code")
    assert asked("", None, "EXB-0002-5", hospital_number="") == (NO, "code")


def test_an_empty_or_anonymous_header_says_nothing() -> None:
    assert asked() == (SILENT, "")
    assert asked("Anonymous", None, "0000") == (SILENT, "")


def test_a_name_without_birth_date_is_compared_by_name_alone() -> None:
    assert asked("Erika Musterfrau") == (YES, "name")
    assert asked("Frieda Musterfrau") == (NO, "name")


def test_of_somebody_without_identity_a_name_in_the_header_is_refused() -> None:
    prints = ["", "", fold_and_digest(SALT, "code", CODE), ""]
    assert compare(SALT, prints, Person("", None, CODE)) == (YES, "code")
    assert compare(SALT, prints, Person(NAME, BIRTH, CODE)) == (NO, "name")


def test_digests_hang_on_salt_and_use() -> None:
    assert fold_and_digest(SALT, "number", "12") != fold_and_digest("6b" * 32, "number", "12")
    assert fold_and_digest(SALT, "number", "12") != fold_and_digest(SALT, "code", "12")
    with pytest.raises(ValueError, match="a salt has 16 bytes or more, not 2"):
        fold_and_digest("abcd", "number", "12")


def test_a_person_shows_nothing_of_themselves() -> None:
    assert NAME not in repr(Person(NAME, BIRTH, NUMBER))


def test_names_are_read_in_every_order_a_header_has() -> None:
    assert ("van der Berg", "Jan") in name_pairs("van der Berg^Jan^^Dr")
    assert ("vanderBerg", "Jan") in name_pairs("Jan van der Berg")
