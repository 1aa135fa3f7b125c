"""The command line: exit status, words for people, JSON for machines, and no torch."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from modelling.engine.cli import main
from portal.proof import ledger
from tests.portal.proof.builders import change_body, make_ledger, make_public

ENTRIES = make_ledger()
CHECKOUT = Path(__file__).parents[3]


def test_a_sound_bundle_ends_with_status_0_and_says_what_is_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(make_public(tmp_path))]) == 0
    shown = capsys.readouterr().out
    assert "ok   ledger      5 entries" in shown
    assert "-    anchor      none was given" in shown
    assert f"ledger head: entry 5, hash {ENTRIES[-1].hash}" in shown
    assert shown.endswith("internally consistent only: no anchor from outside was given\n")


def test_an_anchor_makes_it_proved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    anchor = tmp_path / "anchor.json"
    anchor.write_bytes(ledger.write_anchor(ledger.Anchor(5, ENTRIES[-1].hash)))
    assert main(["verify", str(make_public(tmp_path)), "--anchor", str(anchor)]) == 0
    assert capsys.readouterr().out.endswith("proved, against an anchor from outside\n")


def test_a_changed_bundle_ends_with_status_1_and_names_the_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = make_public(tmp_path, entries=[*ENTRIES[:4], change_body(ENTRIES[4], "x")])
    assert main(["verify", str(public)]) == 1
    shown = capsys.readouterr().out
    assert "FAIL ledger" in shown
    assert "ledger entry 5: found hash" in shown


def test_an_unreadable_file_ends_with_status_2_and_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(tmp_path / "gone.zip")]) == 2
    assert capsys.readouterr().err == "unreadable: gone.zip cannot be read: No such file or directory\n"


def test_json_holds_the_same_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = make_public(tmp_path, entries=[*ENTRIES[:4], change_body(ENTRIES[4], "x")])
    assert main(["verify", str(public), "--json"]) == 1
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["exit"], verdict["summary"]) == (1, "refuted: ledger")
    assert verdict["head"] == {"seq": 5, "hash": ENTRIES[4].hash}
    (check,) = [check for check in verdict["checks"] if check["name"] == "ledger"]
    assert check["state"] == "refuted"
    assert check["findings"][0]["where"] == "ledger entry 5"


def test_json_says_unreadable_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path / "gone.zip"), "--json"]) == 2
    verdict = json.loads(capsys.readouterr().out)
    assert verdict == {
        "exit": 2,
        "summary": "unreadable",
        "reason": "gone.zip cannot be read: No such file or directory",
    }


@pytest.mark.parametrize("words", [[], ["verify"], ["unknown"], ["verify", "a.zip", "--no-such-option"]])
def test_words_it_does_not_know_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "usage: python -m modelling.engine" in capsys.readouterr().err


def test_help_teaches_the_checks_the_status_and_the_anchor(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["verify", "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for words in ("signatures", "internally consistent only", "1  refuted", "2  unreadable", "trabecula.anchor.v1"):
        assert words in shown


def test_the_command_runs_by_itself_without_torch_or_django(tmp_path: Path) -> None:
    for heavy in ("torch", "django"):
        assert importlib.util.find_spec(heavy) is not None, f"{heavy} is not installed, so its absence proves nothing"
    command = [sys.executable, "-X", "importtime", "-m", "modelling.engine", "verify", str(make_public(tmp_path))]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line.startswith("import time")}
    assert ended.returncode == 0
    assert "nacl.signing" in imported
    assert imported.isdisjoint({"torch", "django", "monai", "celery"})
