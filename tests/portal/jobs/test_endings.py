"""How a process ended, in words a person can act on."""

import signal

import pytest

from portal.jobs.child import Heard
from portal.jobs.endings import read_ending

RESULT = Heard(result={"loss": 0.5})
SAID_WRONG = Heard(failure=("bad_spec", "The work cannot be done."))


@pytest.mark.parametrize(
    ("status", "heard", "oom", "code", "words"),
    [
        (1, Heard(), False, "crash", "ended with an error (exit status 1)"),
        (1, RESULT, False, "crash", "exit status 1"),
        (0, Heard(), False, "protocol", "without a result and without a reason"),
        (0, Heard(result={}, refused="NaN is not JSON"), False, "protocol", "NaN is not JSON"),
        (1, SAID_WRONG, False, "bad_spec", "The work cannot be done."),
        (0, SAID_WRONG, False, "bad_spec", "The work cannot be done."),
        (75, Heard(), False, "interrupted", "left a checkpoint"),
        (-signal.SIGKILL, Heard(), False, "killed", "want of memory"),
        (-signal.SIGKILL, Heard(), True, "memory", "more memory (JOB_MEMORY_MB)"),
        (1, Heard(failure=("memory", "It needed more.")), False, "memory", "Limit: 512 MB"),
        (-signal.SIGXCPU, Heard(), False, "too_long", "processor time"),
        (-signal.SIGSEGV, Heard(), False, "crash", "SIGSEGV"),
    ],
)
def test_each_ending_has_its_code_and_says_what_happened(
    status: int, heard: Heard, oom: bool, code: str, words: str
) -> None:
    ending = read_ending(status, heard, was_out_of_memory=oom, limit_mb=512)
    assert ending.result is None
    assert ending.code == code
    assert words in ending.text


def test_a_result_with_a_clean_end_is_a_result() -> None:
    assert read_ending(0, RESULT, was_out_of_memory=False, limit_mb=512).result == {"loss": 0.5}
