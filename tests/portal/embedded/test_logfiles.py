"""Logs are cut when large; a log that cannot be written is an alarm and no error."""

import os
from pathlib import Path

import pytest

from portal.embedded import logfiles
from portal.embedded.logfiles import LogFile


def write(log: LogFile, text: str) -> int:
    descriptor = log.open()
    os.write(descriptor, text.encode())
    return descriptor


def test_the_tail_is_of_the_present_run_only(tmp_path: Path):
    log = LogFile(tmp_path / "postgres.log")
    os.close(write(log, "of yesterday\n"))
    os.close(write(log, "of today\n"))
    assert log.tail() == "of today"


def test_a_large_log_is_cut_and_the_service_goes_on_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(logfiles, "LARGE_BYTES", 10)
    log = LogFile(tmp_path / "web.log")
    descriptor = write(log, "more than ten bytes\n")
    log.check()
    os.write(descriptor, b"after\n")
    os.close(descriptor)
    assert log.path.read_text() == "after\n"
    assert (tmp_path / "web.log.1").read_text() == "more than ten bytes\n"
    assert log.trouble is None


def test_only_a_few_old_logs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(logfiles, "LARGE_BYTES", 1)
    log = LogFile(tmp_path / "web.log")
    for day in range(6):
        os.close(write(log, f"day {day}\n"))
        log.check()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert (tmp_path / "web.log.1").read_text() == "day 5\n"
    assert (tmp_path / "web.log.3").read_text() == "day 3\n"


def test_a_log_that_cannot_be_opened_is_an_alarm_and_its_lines_go_nowhere(tmp_path: Path):
    (tmp_path / "web.log").mkdir()
    log = LogFile(tmp_path / "web.log")
    os.close(write(log, "lost\n"))
    assert log.trouble is not None
    assert "cannot be written" in log.trouble
    assert log.tail() == ""


def test_a_log_taken_away_is_an_alarm_until_it_is_opened_again(tmp_path: Path):
    log = LogFile(tmp_path / "web.log")
    descriptor = write(log, "a line\n")
    log.check()
    assert log.trouble is None
    log.path.unlink()
    log.check()
    assert log.trouble is not None
    assert "was taken away" in log.trouble
    os.close(descriptor)
    os.close(log.open())
    assert log.trouble is None


def test_a_note_that_cannot_be_written_is_an_alarm(tmp_path: Path):
    log = LogFile(tmp_path / "missing" / "supervisor.log")
    log.note("a line")
    assert log.trouble is not None
    log.path.parent.mkdir()
    log.note("another line")
    assert log.trouble is None
    assert log.path.read_text().endswith("Z another line\n")
