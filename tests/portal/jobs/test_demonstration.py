"""The demonstration: does its steps, keeps checkpoints, stops when asked, fails as asked."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portal.jobs import checkpoints
from portal.jobs.cage import Cage
from portal.jobs.child import Child, start_child
from portal.jobs.demonstration import Spec
from portal.jobs.kinds import DEMONSTRATION
from portal.jobs.limits import Limits
from tests.portal.jobs.children import run_to_end, wait_until, write_run


def start(folder: Path, limits: Limits | None = None) -> Child:
    return start_child(DEMONSTRATION.command(folder, {}), folder, limits or Limits(), Cage())


def test_it_does_its_steps_and_says_its_result(tmp_path: Path) -> None:
    child = start(write_run(tmp_path, steps=6))
    assert run_to_end(child) == 0
    assert child.heard.result == {"total_of_steps": 21, "began_at_step": 0}  # 1 + 2 + … + 6
    assert (child.heard.step, child.heard.total) == (6, 6)
    assert len((tmp_path / "effects.txt").read_text().splitlines()) == 1


def test_it_can_be_run_by_hand_without_the_portal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path, steps=2)
    done = subprocess.run([sys.executable, "-m", "portal.jobs.demonstration", str(tmp_path)], check=False)
    assert done.returncode == 0
    last = capfd.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"result": {"total_of_steps": 3, "began_at_step": 0}}


def test_it_stops_when_asked_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    write_run(tmp_path, steps=2000, seconds_per_step=0.005, checkpoint_every=1000)
    child = start(tmp_path)
    wait_until(lambda: child.listen(0.05) or child.heard.step >= 3)
    child.ask_to_stop(grace_s=60)
    assert run_to_end(child) == 75
    (kept,) = checkpoints.find(tmp_path / "checkpoints")
    assert 3 <= kept.step < 2000
    assert child.heard.checkpoint == kept.sha256

    write_run(tmp_path, steps=kept.step + 2)
    again = start(tmp_path)
    assert run_to_end(again) == 0
    total = (kept.step + 2) * (kept.step + 3) // 2
    assert again.heard.result == {"total_of_steps": total, "began_at_step": kept.step}


def test_a_torn_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    run_to_end(start(write_run(tmp_path, steps=6, checkpoint_every=2)))
    newest, before = checkpoints.find(tmp_path / "checkpoints")
    assert (newest.step, before.step) == (6, 4)
    newest.path.write_bytes(newest.path.read_bytes()[:-3])
    child = start(write_run(tmp_path, steps=8))
    assert run_to_end(child) == 0
    assert child.heard.result == {"total_of_steps": 36, "began_at_step": 4}
    assert "the one before it is used" in (tmp_path / "log.txt").read_text()


@pytest.mark.parametrize(
    ("fail", "status", "code"),
    [
        ("bad_spec", 1, "bad_spec"),
        ("not_finite", 1, "not_finite"),
        ("memory", 1, "memory"),
        ("crash", 1, None),
        ("killed", -signal.SIGKILL, None),
        ("silent", 0, None),
    ],
)
def test_it_fails_in_the_way_it_is_asked_to(tmp_path: Path, fail: str, status: int, code: str | None) -> None:
    child = start(write_run(tmp_path, fail=fail, fail_at=3), Limits(address_space_mb=512))
    assert run_to_end(child) == status
    assert child.heard.result is None
    assert (child.heard.failure[0] if child.heard.failure else None) == code
    assert [one.step for one in checkpoints.find(tmp_path / "checkpoints")] == [2]


def test_it_fails_only_in_as_many_attempts_as_asked(tmp_path: Path) -> None:
    assert run_to_end(start(write_run(tmp_path, fail="crash", fail_at=1, fail_attempts=1, attempt=1))) == 1
    assert run_to_end(start(write_run(tmp_path, fail="crash", fail_at=1, fail_attempts=1, attempt=2))) == 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"steps": 0}, "steps lies between 1 and 100000"),
        ({"checkpoint_every": 0}, "checkpoint_every is at least 1"),
        ({"fail": "sulk"}, "fail is 'sulk'"),
        ({"colour": "red"}, "a part is missing or unknown"),
    ],
)
def test_a_wrong_spec_is_refused_with_the_reason(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Spec.of({"steps": 3, "seconds_per_step": 0, "checkpoint_every": 1, **values})
