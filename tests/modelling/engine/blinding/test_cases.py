"""Who has which case: bound at the lock, and told so that a label cannot be read beside another's prediction."""

import uuid
from pathlib import Path

import pytest

from modelling.engine.blinding.labels import compute_cases_root, hash_case, make_cases_salt
from modelling.engine.blinding.verify import CASES, LABELS, LABELS_HEADER, Opened, Told, check_cases, read_opened
from portal.proof import bundle, jcs
from portal.proof.archive import Archive, Limits
from portal.proof.findings import Unreadable

SALT = make_cases_salt(b"s" * 32)
ANN, BEA, CLEO = (uuid.UUID(int=number) for number in (1, 2, 3))
PAIRS = {ANN: "a" * 32, BEA: "b" * 32, CLEO: "c" * 32}
ROOT = compute_cases_root(hash_case(SALT, person, token) for person, token in PAIRS.items())
UNOPENED = [hash_case(SALT, CLEO, PAIRS[CLEO]).hex()]


def told(root: str | None = ROOT) -> Told:
    facts = {"evaluation": str(uuid.UUID(int=9)), "manifest": {"cases_root": root} if root else {}}
    return Told(facts, b"", b"", ())


def open_file(folder: Path, pairs: dict[uuid.UUID, str], cases: jcs.Json) -> Opened:
    """Return what is read of a restricted file in which ANN has the label 1 and the others 0."""
    path = folder / "restricted.zip"
    rows = [f"{person},{token},{int(person == ANN)},{'0' * 64}" for person, token in pairs.items()]
    labels = "\n".join([",".join(LABELS_HEADER), *rows]) + "\n"
    bundle.write_restricted(path, {LABELS: labels.encode(), CASES: jcs.dumps(cases)}, nonce=bytes(32))
    with Archive(path, Limits()) as archive:
        return read_opened(archive, told())


def test_the_pairs_of_the_lock_are_proved_with_the_hashes_of_those_left_sealed(tmp_path: Path) -> None:
    opened = open_file(tmp_path, {ANN: PAIRS[ANN], BEA: PAIRS[BEA]}, {"salt": SALT.hex(), "unopened": UNOPENED})
    assert opened.labels == {PAIRS[ANN]: 1, PAIRS[BEA]: 0}
    assert list(check_cases(told(), opened)) == []


@pytest.mark.parametrize(
    ("pairs", "unopened"),
    [
        ({ANN: PAIRS[BEA], BEA: PAIRS[ANN]}, UNOPENED),
        ({ANN: PAIRS[ANN], BEA: PAIRS[BEA]}, []),
        ({ANN: PAIRS[ANN], BEA: ""}, UNOPENED),
        ({ANN: PAIRS[ANN], BEA: PAIRS[BEA]}, UNOPENED * 2),
    ],
    ids=["swapped", "one less", "without its token", "one more"],
)
def test_any_other_pairs_are_found_out(tmp_path: Path, pairs: dict[uuid.UUID, str], unopened: list[jcs.Json]) -> None:
    opened = open_file(tmp_path, pairs, {"salt": SALT.hex(), "unopened": unopened})
    [finding] = check_cases(told(), opened)
    assert str(finding.wanted) == f"{ROOT}, as locked"


def test_a_lock_that_bound_no_cases_is_found_out(tmp_path: Path) -> None:
    opened = open_file(tmp_path, PAIRS, {"salt": SALT.hex(), "unopened": []})
    assert list(check_cases(told(), opened)) == []
    assert len(list(check_cases(told(None), opened))) == 1


@pytest.mark.parametrize("cases", [{"unopened": []}, {"salt": "zz", "unopened": []}, ["salt"]])
def test_a_file_of_cases_of_another_form_is_unreadable(tmp_path: Path, cases: jcs.Json) -> None:
    with pytest.raises(Unreadable, match=r"cases\.json must hold a salt"):
        open_file(tmp_path, PAIRS, cases)


def test_another_salt_gives_another_root() -> None:
    other = make_cases_salt(b"t" * 32)
    assert compute_cases_root(hash_case(other, person, token) for person, token in PAIRS.items()) != ROOT
