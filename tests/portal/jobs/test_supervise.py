"""One claimed job from its folder to its end, with a real child."""

import errno
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.core.errors import Refused, UnreadableFile
from portal.core.storage import StorageFull
from portal.jobs import checkpoints, registry, stopping, supervise
from portal.jobs.leases import Held, give_back_job
from portal.jobs.limits import Limits
from portal.jobs.models import Job
from portal.jobs.registry import Kind
from portal.jobs.supervise import run_held_job
from tests.database import rolls_back
from tests.portal.jobs.builders import claim, make_job, reload
from tests.portal.jobs.children import python

pytestmark = rolls_back


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def attempt_folder(home: Path, held: Held) -> Path:
    return home / "jobs" / str(held.job_pk) / f"attempt-{held.token:06d}"


def use_kind(monkeypatch: pytest.MonkeyPatch, code: str, limits: Limits | None = None) -> None:
    """Let the demonstration be a few lines of Python."""

    def command(folder: Path, spec: Mapping[str, Any]) -> list[str]:
        return python(code)

    kind = Kind("demonstration", "Few lines", command, frozenset({"web"}), limits or Limits())
    monkeypatch.setitem(registry._kinds, "demonstration", kind)


def run(job: Job) -> Job:
    run_held_job(claim(job))
    return reload(job)


def test_a_job_runs_to_its_result_and_tells_its_progress() -> None:
    done = run(make_job(steps=6))
    assert done.state == "finished"
    assert done.result == {"total_of_steps": 21, "began_at_step": 0}
    assert (done.lease.step, done.lease.total) == (6, 6)
    assert len(done.lease.checkpoint_sha256) == 64


def test_the_run_folder_says_what_to_do_and_can_be_read_without_the_portal(home: Path) -> None:
    held = claim(make_job())
    run_held_job(held)
    told = json.loads((attempt_folder(home, held) / "run.json").read_text())
    assert told["spec"] == held.spec
    assert (told["kind"], told["attempt"], told["token"]) == ("demonstration", 1, 1)
    assert told["spec_sha256"] == held.spec_sha256


def test_a_finished_job_keeps_no_checkpoint(home: Path) -> None:
    held = claim(make_job())
    run_held_job(held)
    assert (attempt_folder(home, held) / "effects.txt").exists()
    assert not (attempt_folder(home, held) / "checkpoints").exists()


def test_the_next_attempt_goes_on_in_a_folder_of_its_own(home: Path) -> None:
    job = make_job(steps=6, fail="crash", fail_at=5, fail_attempts=1)
    first = claim(job)
    run_held_job(first)
    assert reload(job).failure_code == "crash"
    before = {path.name: path.read_bytes() for path in (attempt_folder(home, first) / "checkpoints").iterdir()}
    second = claim(job)
    run_held_job(second)
    assert reload(job).result == {"total_of_steps": 21, "began_at_step": 4}
    assert len(before) == 2
    assert not (attempt_folder(home, first) / "effects.txt").exists()


def test_checkpoints_are_handed_on_only_if_they_are_whole(home: Path) -> None:
    job = make_job(steps=6, fail="crash", fail_at=5, fail_attempts=1)
    first = claim(job)
    run_held_job(first)
    newest, _ = checkpoints.find(attempt_folder(home, first) / "checkpoints")
    newest.path.write_bytes(b"torn")
    run_held_job(claim(job))
    assert reload(job).result == {"total_of_steps": 21, "began_at_step": 2}


def test_a_job_of_a_kind_nobody_knows_fails_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job()
    monkeypatch.delitem(registry._kinds, "demonstration")
    with pytest.raises(Refused):
        registry.get_kind("demonstration")
    failed = run(job)
    assert (failed.state, failed.failure_code) == ("failed", "bad_spec")
    assert "there is no kind of job 'demonstration'" in failed.failure_text


def test_a_disk_too_full_for_the_folder_parks_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(held: Held) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(supervise, "prepare_folder", refuse)
    parked = run(make_job())
    assert (parked.state, parked.failure_code) == ("parked", "disk_full")


def test_nan_in_a_result_is_a_failure_and_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    say_nan = """
    import os
    os.write(int(os.environ["TRABECULA_REPORT_FD"]), b'{"result": {"loss": NaN}}\\n')
    """
    use_kind(monkeypatch, say_nan)
    failed = run(make_job())
    assert (failed.state, failed.failure_code) == ("failed", "protocol")
    assert "NaN is not JSON" in failed.failure_text


def test_a_child_that_takes_more_memory_than_allowed_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    use_kind(monkeypatch, "import time\nheld = b'x' * (300 << 20)\ntime.sleep(600)", Limits(memory_mb=100))
    again = run(make_job())
    assert (again.state, again.failure_code) == ("queued", "memory")
    assert "Limit: 100 MB" in again.failure_text


def test_a_child_that_takes_longer_than_allowed_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    use_kind(monkeypatch, "import time\ntime.sleep(600)", Limits(wall_seconds=0.3))
    failed = run(make_job())
    assert (failed.state, failed.failure_code) == ("failed", "too_long")


def test_a_worker_that_is_asked_to_stop_gives_its_job_back(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    job = make_job(steps=1000, seconds_per_step=0.05)
    held = claim(job)
    monkeypatch.setattr(stopping, "is_asked", lambda: reload(job).lease.step > 0)
    run_held_job(held)
    now = reload(job)
    assert (now.state, now.attempts) == ("queued", 0)
    assert now.lease.message == "waiting again, because the worker stops"
    assert checkpoints.find(attempt_folder(home, held) / "checkpoints")


def test_a_lease_lost_meanwhile_ends_the_child_and_writes_nothing(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    job = make_job(steps=1000, seconds_per_step=0.05)
    held = claim(job)
    give_back_job(held, "taken away")
    run_held_job(held)
    now = reload(job)
    assert (now.state, now.result, now.lease.message) == ("queued", None, "taken away")
    assert not (attempt_folder(home, held) / "effects.txt").exists()


READS_WHAT_WAS_LAID = """
import json, pathlib, sys
from portal.jobs.reporting import report_result
report_result({"read": (pathlib.Path.cwd() / "laid.txt").read_text()})
"""


def use_hooks(monkeypatch: pytest.MonkeyPatch, **hooks: Any) -> None:
    kind = Kind(
        "demonstration",
        "Hooks",
        lambda folder, spec: python(f"import os; os.chdir({str(folder)!r})\n{READS_WHAT_WAS_LAID}"),
        frozenset({"web"}),
        **hooks,
    )
    monkeypatch.setitem(registry._kinds, "demonstration", kind)


def lay(held: Held, folder: Path) -> None:
    (folder / "laid.txt").write_text("from the worker", "utf-8")


def test_a_kind_lays_what_its_child_needs_and_writes_down_what_came_out(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[str, str, Mapping[str, Any]]] = []

    def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
        taken.append((job.state, (folder / "laid.txt").read_text("utf-8"), result))

    use_hooks(monkeypatch, prepare=lay, finish=finish)
    assert run(make_job()).state == "finished"
    assert taken == [("running", "from the worker", {"read": "from the worker"})]


def test_a_job_whose_preparation_is_refused_fails_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare(held: Held, folder: Path) -> None:
        raise Refused("the snapshot was withdrawn")

    use_hooks(monkeypatch, prepare=prepare)
    done = run(make_job())
    assert (done.state, done.failure_text) == ("failed", "the snapshot was withdrawn.")


DAMAGED = UnreadableFile("the stored file 0a1b2c3d4e5f was changed; restore it from the backup")
NO_ROOM = StorageFull("the disk has 3 MB free")
FULL_TEXT = "The disk is full. Free some space and try the job again: it goes on where it was."
OWN_TEXT = "The portal's own part of the job failed (KeyError); the worker's log says where."


@pytest.mark.parametrize(
    ("raised", "before", "after", "text"),
    [
        (DAMAGED, ("failed", "bad_spec"), ("failed", "refused"), f"{DAMAGED}."),
        (NO_ROOM, ("parked", "disk_full"), ("parked", "disk_full"), FULL_TEXT),
        (OSError(errno.ENOSPC, "no space"), ("parked", "disk_full"), ("parked", "disk_full"), FULL_TEXT),
        (KeyError("slip"), ("queued", "crash"), ("queued", "crash"), OWN_TEXT),
    ],
    ids=["damaged", "full", "no space", "slip"],
)
def test_what_stops_the_workers_own_part_is_told_as_it_was(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, before: tuple[str, str], after: tuple[str, str], text: str
) -> None:
    """No job of a damaged file or a full disk is taken for one whose worker fell silent, and begun again for it."""

    def stop(*_: object) -> None:
        raise raised

    use_hooks(monkeypatch, prepare=stop)
    done = run(make_job())
    assert (done.state, done.failure_code, done.failure_text) == (*before, text)
    assert done.lease.owner == ""
    use_hooks(monkeypatch, prepare=lay, finish=stop)
    done = run(make_job(steps=7))
    assert (done.state, done.failure_code, done.failure_text) == (*after, text)
    assert (done.lease.owner, done.result) == ("", None)


@pytest.mark.parametrize("how", ["finishes", "fails", "is refused", "cannot begin"])
def test_what_must_not_outlive_an_attempt_is_gone_however_it_ends(
    monkeypatch: pytest.MonkeyPatch, home: Path, how: str
) -> None:
    def prepare(held: Held, folder: Path) -> None:
        lay(held, folder)
        (folder / "inputs").mkdir()
        (folder / "inputs" / "table.csv").write_text("who was tested", "utf-8")
        if how == "fails":
            (folder / "laid.txt").unlink()
        if how == "cannot begin":
            raise Refused("the snapshot was withdrawn")

    def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
        assert (folder / "inputs" / "table.csv").exists(), "it is there while it is needed"
        if how == "is refused":
            raise Refused("a hash of the result does not fit")

    use_hooks(monkeypatch, prepare=prepare, finish=finish, private=("inputs",))
    held = claim(make_job())
    run_held_job(held)
    assert (attempt_folder(home, held) / "run.json").exists()
    assert not (attempt_folder(home, held) / "inputs").exists()


def test_a_disk_that_is_full_at_the_end_costs_no_checkpoint(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
        raise NO_ROOM

    monkeypatch.setitem(registry._kinds, "demonstration", replace(registry.get_kind("demonstration"), finish=finish))
    held = claim(make_job(steps=6))
    run_held_job(held)
    assert Job.objects.get(pk=held.job_pk).state == "parked"
    assert list((attempt_folder(home, held) / "checkpoints").iterdir())


def test_a_result_that_the_kind_refuses_fails_the_job_and_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_job(steps=9)

    def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
        Job.objects.filter(pk=other.pk).update(failure_text="half-written")
        raise Refused("a hash of the result does not fit")

    use_hooks(monkeypatch, prepare=lay, finish=finish)
    done = run(make_job())
    assert (done.state, done.failure_code, done.result) == ("failed", "refused", None)
    assert done.failure_text == "a hash of the result does not fit."
    assert reload(other).failure_text == ""
