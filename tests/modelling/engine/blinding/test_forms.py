"""The one form of a label and of predictions; whatever does not fit is refused in the same words (attacks 19, 29)."""

import uuid
from itertools import product

import pytest

from modelling.engine.blinding.labels import (
    KIND,
    compute_label_root,
    compute_split_root,
    read_label,
    write_label,
)
from modelling.engine.blinding.predictions import (
    UNFIT,
    UNFIT_WEIGHTS,
    compute_prediction_root,
    count_bins,
    read_predictions,
    read_weights,
    write_weights,
)
from portal.proof import commit

A, B = "a" * 32, "b" * 32
HEAD = "token,p,lower,upper\n"
EVALUATION, PERSON = uuid.UUID(int=1), uuid.UUID(int=2)


def read(text: str, tokens: tuple[str, ...] = (A, B)) -> dict[str, float]:
    return read_predictions(text.encode(), tokens)


def test_one_row_for_each_case_is_read():
    assert read(f"{HEAD}{A},0.25,0.1,0.4\n{B},1,,\n") == {A: 0.25, B: 1.0}


@pytest.mark.parametrize(
    "rows",
    [
        f"{A},nan,,\n{B},0.5,,\n",
        f"{A},inf,,\n{B},0.5,,\n",
        f"{A},1e308,,\n{B},0.5,,\n",
        f"{A},-0.1,,\n{B},0.5,,\n",
        f"{A},,,\n{B},0.5,,\n",
        f"{A},0.5,nan,\n{B},0.5,,\n",
        f"{A},0.5,,\n",
        f"{A},0.5,,\n{A},0.5,,\n{B},0.5,,\n",
        f"{A},0.5,,\n{B},0.5,,\n{'c' * 32},0.5,,\n",
        f"{A},0.5,,\n{B.upper()},0.5,,\n",
        f"{A},0.5\n{B},0.5,,\n",
        f"{A},half,,\n{B},0.5,,\n",
        "",
    ],
)
def test_what_does_not_fit_is_refused_in_words_that_tell_nothing_of_a_case(rows: str):
    with pytest.raises(ValueError, match="exactly one row for each case") as told:
        read(HEAD + rows)
    assert str(told.value) == UNFIT


def test_another_header_is_refused():
    with pytest.raises(ValueError, match="exactly one row"):
        read(f"token,risk\n{A},0.5\n{B},0.5\n")


def test_the_root_of_predictions_hangs_on_each_of_them_and_on_no_order():
    assert compute_prediction_root({A: 0.1, B: 0.2}) == compute_prediction_root({B: 0.2, A: 0.1})
    assert compute_prediction_root({A: 0.1, B: 0.2}) != compute_prediction_root({A: 0.2, B: 0.1})


def test_a_bin_of_fewer_than_twenty_is_not_told():
    found = count_bins({f"{n:032x}": 0.1 if n < 20 else 0.9 for n in range(39)})
    assert found == [20, None, None, None, None]


def test_survey_weights_are_written_and_read_back():
    assert read_weights(write_weights({B: 2.5, A: 1.0}), [A, B]) == {A: 1.0, B: 2.5}


@pytest.mark.parametrize(
    "text", [f"token,weight\n{A},0\n{B},1\n", f"token,weight\n{A},1\n", f"token,weight\n{A},x\n{B},1\n"]
)
def test_unfit_weights_are_refused(text: str):
    with pytest.raises(ValueError, match="exactly one positive number") as told:
        read_weights(text.encode(), [A, B])
    assert str(told.value) == UNFIT_WEIGHTS


@pytest.mark.parametrize("value", [0, 1])
def test_a_label_opens_for_its_own_case_alone(value: int):
    opening = write_label(EVALUATION, PERSON, value)
    assert read_label(EVALUATION, PERSON, opening) == value
    for evaluation, person in ((uuid.UUID(int=9), PERSON), (EVALUATION, uuid.UUID(int=9))):
        with pytest.raises(ValueError, match="does not belong to the case"):
            read_label(evaluation, person, opening)


def test_a_label_is_0_or_1():
    with pytest.raises(ValueError, match="0 or 1"):
        write_label(EVALUATION, PERSON, 2)


def test_every_label_seals_to_the_same_length_and_no_guess_meets_its_commitment():
    _, public = commit.make_key_pair()
    openings = [write_label(EVALUATION, PERSON, value) for value in (0, 1) for _ in range(50)]
    assert {len(commit.seal(public, one)) for one in openings} == {commit.SEALED_BYTES}
    commitments = {commit.commit(KIND, one) for one in openings}
    assert len(commitments) == len(openings)
    guesses = {
        commit.commit(KIND, commit.Opening(EVALUATION.bytes + PERSON.bytes + bytes([value]), bytes([nonce]) * 32))
        for value, nonce in product((0, 1), range(256))
    }
    assert not commitments & guesses


def test_the_labels_root_hangs_on_no_order_and_the_splits_on_its_salt():
    leaves = [bytes([n]) * 32 for n in range(5)]
    assert compute_label_root(leaves) == compute_label_root(leaves[::-1])
    parts = [(PERSON, "test"), (EVALUATION, "train")]
    assert compute_split_root(bytes(32), parts) == compute_split_root(bytes(32), parts[::-1])
    assert compute_split_root(bytes(32), parts) != compute_split_root(bytes([1]) * 32, parts)
