"""Identities: sealed, comparable, and shown only to those who may look."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import DatabaseError, connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from cohort.identity.access import reveal_identity
from cohort.identity.sealing import Identity, name_digest, number_digest, seal, unseal
from portal.audit.models import Read
from portal.core.errors import NotAllowed
from tests.cast import Cast, make_identity, make_participant
from tests.database import rolls_back

SECRET = "s" * 40
ANN = Identity("Example", "Ann", date(1955, 3, 1), hospital_number="RH 12-34")


@given(st.text(max_size=60), st.text(max_size=60), st.dates())
def test_what_is_sealed_comes_back(family: str, given_name: str, born: date) -> None:
    try:
        family.encode(), given_name.encode()
    except UnicodeEncodeError:
        return
    identity = Identity(family, given_name, born)
    assert unseal(seal(identity, SECRET), SECRET) == identity


def test_sealing_twice_gives_different_bytes() -> None:
    assert seal(ANN, SECRET) != seal(ANN, SECRET)


def test_nothing_is_readable_in_the_sealed_bytes() -> None:
    assert b"Example" not in seal(ANN, SECRET)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(ValueError, match="another key, or changed bytes"):
        unseal(seal(ANN, SECRET), "t" * 40)


def test_a_changed_byte_opens_nothing() -> None:
    sealed = bytearray(seal(ANN, SECRET))
    sealed[-1] ^= 1
    with pytest.raises(ValueError, match="another key, or changed bytes"):
        unseal(bytes(sealed), SECRET)


@pytest.mark.parametrize("written", ["EXAMPLE", " example", "Exámple", "Ex-ample"])
def test_names_compare_however_they_are_written(written: str) -> None:
    assert name_digest(replace(ANN, family_name=written), SECRET) == name_digest(ANN, SECRET)


def test_different_people_differ() -> None:
    others = [
        replace(ANN, family_name="Examplo"),
        replace(ANN, given_name="Anna"),
        replace(ANN, birth_date=date(1955, 3, 2)),
    ]
    assert len({name_digest(one, SECRET) for one in [ANN, *others]}) == 4


def test_no_number_has_no_digest() -> None:
    assert number_digest(replace(ANN, hospital_number=""), SECRET) == ""
    assert number_digest(ANN, SECRET) == number_digest(replace(ANN, hospital_number="rh1234"), SECRET)


def test_a_digest_needs_the_key() -> None:
    assert name_digest(ANN, SECRET) != name_digest(ANN, "t" * 40)


def test_a_log_line_shows_nothing_of_a_person() -> None:
    assert "Example" not in f"{ANN!r} {ANN}"


@rolls_back
def test_the_nurse_of_the_site_sees_who_it_is_and_the_look_is_counted(cast: Cast) -> None:
    participant = make_participant(cast, "Rosalind")
    for _ in range(3):
        found = reveal_identity(cast.nora, participant)
    assert found is not None
    assert found.given_name == "Rosalind"
    read = Read.objects.get(what="identity", subject=participant.code)
    assert (read.actor, read.n_reads) == (cast.nora.label, 3)


@rolls_back
@pytest.mark.parametrize("who", ["nell", "ana", "dan", "adam", "mona"])
def test_nobody_else_sees_who_it_is(cast: Cast, who: str) -> None:
    participant = make_participant(cast)
    with pytest.raises(NotAllowed, match=r"'identity\.reveal' is for"):
        reveal_identity(getattr(cast, who), participant)


@rolls_back
@pytest.mark.parametrize("alias", ["default", "clinical", "allocation", "sealer"])
def test_no_other_role_reads_the_identity_schema(cast: Cast, alias: str) -> None:
    make_participant(cast, make_identity().given_name)
    with connections["identity"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM identity.person")
        assert cursor.fetchone()[0] == 1
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(using=alias):
        connections[alias].cursor().execute("SELECT * FROM identity.person")
