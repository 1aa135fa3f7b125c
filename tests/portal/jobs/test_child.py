"""Child processes: shut in, listened to, stopped for certain."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from portal.jobs.cage import Cage
from portal.jobs.limits import Limits
from tests.portal.jobs import children
from tests.portal.jobs.children import Starter, run_to_end, wait_until

SECRETS = {
    "DATABASE_URL": "postgresql://tb_web:hidden@/trabecula",
    "DATABASE_URL_WORKER": "postgresql://tb_worker:hidden@/trabecula",
    "BROKER_URL": "redis://:hidden@localhost",
    "SECRET_KEY": "hidden" * 8,
    "IDENTITY_KEY": "hidden" * 8,
}
SAY_ENVIRONMENT = """
    import json, os
    from portal.jobs import reporting
    reporting.report_result({"names": sorted(os.environ), "text": json.dumps(dict(os.environ))})
"""


def test_a_child_inherits_no_secret(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert os.environ.keys() >= SECRETS.keys()  # they are there to be inherited
    child = start(SAY_ENVIRONMENT, tmp_path)
    assert run_to_end(child) == 0
    assert child.heard.result is not None
    assert not SECRETS.keys() & set(child.heard.result["names"])
    assert "hidden" not in child.heard.result["text"]
    assert child.heard.result["names"].count("PATH") == 1


def test_a_child_stands_in_its_folder_with_nothing_to_read(start: Starter, tmp_path: Path) -> None:
    child = start(
        """
        import os, sys
        from portal.jobs import reporting
        reporting.report_result({"cwd": os.getcwd(), "input": sys.stdin.read(), "session": os.getsid(0) == os.getpid()})
        """,
        tmp_path,
    )
    assert run_to_end(child) == 0
    assert child.heard.result == {"cwd": str(tmp_path), "input": "", "session": True}


def test_what_is_printed_goes_to_the_log_and_not_into_the_talk(start: Starter, tmp_path: Path) -> None:
    child = start("""print('{"result": {"forged": true}}')""", tmp_path)
    assert run_to_end(child) == 0
    assert child.heard.result is None
    assert "forged" in (tmp_path / "log.txt").read_text()


def test_the_last_progress_counts(start: Starter, tmp_path: Path) -> None:
    child = start(
        """
        from portal.jobs import reporting
        for step in range(1, 4):
            reporting.report_progress(step, 3, f"step {step}", "ab" if step == 2 else "")
        """,
        tmp_path,
    )
    run_to_end(child)
    heard = child.heard
    assert (heard.step, heard.total, heard.message, heard.checkpoint) == (3, 3, "step 3", "ab")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json", "not JSON"),
        (b"[1, 2]", "no JSON object"),
        (b'{"result": {"loss": NaN}}', "NaN"),
        (b'{"step": 1}', "total"),
        (b"\\xff", "UTF-8"),
    ],
)
def test_a_line_that_cannot_be_understood_is_kept_as_the_reason(
    start: Starter, tmp_path: Path, line: bytes, reason: str
) -> None:
    child = start(f"import os\nos.write(int(os.environ['TRABECULA_REPORT_FD']), b'{line.decode()}\\n')", tmp_path)
    run_to_end(child)
    assert reason in child.heard.refused


def test_a_line_without_end_is_refused_before_it_fills_the_memory(start: Starter, tmp_path: Path) -> None:
    child = start("import os\nwhile True: os.write(int(os.environ['TRABECULA_REPORT_FD']), b'x' * 65536)", tmp_path)
    wait_until(lambda: child.listen(0.05) or child.heard.refused)
    child.end()
    assert child.heard.refused == "a line of more than 1048576 bytes"


def test_a_child_that_is_asked_to_stop_may_finish_what_it_does(start: Starter, tmp_path: Path) -> None:
    child = start(
        """
        import signal, sys, time
        from portal.jobs import reporting
        signal.signal(signal.SIGTERM, lambda *_: (reporting.report_progress(1, 1, "kept"), sys.exit(75)))
        reporting.report_progress(0, 1, "ready")
        while True: time.sleep(0.01)
        """,
        tmp_path,
    )
    wait_until(lambda: child.listen(0.05) or child.heard.message == "ready")
    child.ask_to_stop(grace_s=60)
    assert run_to_end(child) == 75
    assert child.heard.message == "kept"
    assert not child.killed_by_us


def test_a_child_that_will_not_stop_is_killed_with_all_it_started(start: Starter, tmp_path: Path) -> None:
    child = start(
        """
        import os, signal, time
        from portal.jobs import reporting
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        other = os.fork()
        if other: reporting.report_progress(0, 1, str(other))
        while True: time.sleep(0.01)
        """,
        tmp_path,
    )
    wait_until(lambda: child.listen(0.05) or child.heard.message)
    grandchild = int(child.heard.message)
    assert is_alive(grandchild)
    child.ask_to_stop(grace_s=0.1)
    assert run_to_end(child) == -signal.SIGKILL
    assert child.killed_by_us
    wait_until(lambda: not is_alive(grandchild))


def test_a_child_does_not_outlive_a_killed_worker(start: Starter, tmp_path: Path) -> None:
    worker = start(
        f"""
        import sys, time
        from pathlib import Path
        from portal.jobs import reporting
        from portal.jobs.cage import Cage
        from portal.jobs.child import start_child
        from portal.jobs.limits import Limits
        sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
        child = start_child(sleep, Path({str(tmp_path)!r}), Limits(), Cage())
        while b"enter" in open(f"/proc/{{child.process.pid}}/cmdline", "rb").read(): time.sleep(0.01)
        reporting.report_progress(0, 1, str(child.process.pid))
        time.sleep(600)
        """,
        tmp_path,
    )
    wait_until(lambda: worker.listen(0.05) or worker.heard.message)
    grandchild = int(worker.heard.message)
    assert is_alive(grandchild)
    os.kill(worker.process.pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(grandchild))
    worker.end()


def test_limits_hold_in_the_child(start: Starter, tmp_path: Path) -> None:
    child = start(
        """
        import resource
        from portal.jobs import reporting
        names = ("RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE")
        reporting.report_result({name: list(resource.getrlimit(getattr(resource, name))) for name in names})
        """,
        tmp_path,
        limits=Limits(address_space_mb=512, cpu_seconds=60, file_mb=1, open_files=100),
    )
    assert run_to_end(child) == 0
    mebibyte = 1024 * 1024
    assert child.heard.result == {
        "RLIMIT_CORE": [0, 0],
        "RLIMIT_NOFILE": [100, 100],
        "RLIMIT_AS": [512 * mebibyte] * 2,
        "RLIMIT_CPU": [60, 60],
        "RLIMIT_FSIZE": [mebibyte, mebibyte],
    }


def test_a_child_that_cannot_be_shut_in_does_not_run_at_all(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impossible = {"limits": {}, "user": None, "own_space": False, "no_network": False, "hidden": []}
    impossible |= {"parent": os.getpid(), "around": None, "folder": str(tmp_path / "no folder"), "read_only": True}
    monkeypatch.setattr(Cage, "orders_for", lambda *_: impossible)
    child = start("open('ran.txt', 'w').close()", tmp_path)
    assert run_to_end(child) == 125
    assert not (tmp_path / "ran.txt").exists()
    assert "the child process could not be started: [Errno" in (tmp_path / "log.txt").read_text()


def test_a_child_whose_worker_is_gone_does_not_run_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = {**Cage().orders_for(tmp_path, 0, {}, ()), "parent": 1}
    monkeypatch.setattr(Cage, "orders_for", lambda *_: orders)
    child = children.start("open('ran.txt', 'w').close()", tmp_path)
    assert run_to_end(child) == 125
    assert not (tmp_path / "ran.txt").exists()
    assert "the worker ended before its child began" in (tmp_path / "log.txt").read_text()


def test_memory_is_measured_with_all_children(start: Starter, tmp_path: Path) -> None:
    child = start(
        """
        import os, time
        from portal.jobs import reporting
        held = b"x" * (100 << 20)
        if os.fork(): reporting.report_progress(0, 1, "held")
        else: held = b"y" * (100 << 20)
        while True: time.sleep(0.01)
        """,
        tmp_path,
    )
    wait_until(lambda: child.listen(0.05) or child.heard.message)
    wait_until(lambda: child.measure_memory_mb() > 200)
    child.end()
    assert child.measure_memory_mb() == 0


def is_alive(number: int) -> bool:
    """True if the process runs; a zombie does not."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
