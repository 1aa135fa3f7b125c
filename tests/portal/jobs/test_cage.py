"""The cage: no network, no secret, no writing elsewhere; and what a machine that cannot do so says."""

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from portal.jobs.cage import ROOT, Cage, find_cage
from portal.jobs.folders import hidden_paths
from tests.portal.jobs.children import Starter, run_to_end

TRY_NETWORK = """
    import errno, socket
    from portal.jobs import reporting
    try:
        socket.create_connection(("127.0.0.1", {port}), 2).close()
        reporting.report_result({{"reached": True, "why": ""}})
    except OSError as error:
        reporting.report_result({{"reached": False, "why": errno.errorcode[error.errno]}})
"""


def test_a_caged_child_reaches_no_network(start: Starter, tmp_path: Path, listening_port: int) -> None:
    if not find_cage().no_network:
        pytest.skip(f"this machine says: {find_cage().facts}")
    outside = start(TRY_NETWORK.format(port=listening_port), tmp_path)
    run_to_end(outside)
    assert outside.heard.result == {"reached": True, "why": ""}
    inside = start(TRY_NETWORK.format(port=listening_port), tmp_path, cage=find_cage())
    run_to_end(inside)
    assert inside.heard.result == {"reached": False, "why": "ENETUNREACH"}


TRY_SECRET = """
    from pathlib import Path
    from portal.jobs import reporting
    try:
        reporting.report_result({{"read": Path({path!r}).read_text()}})
    except OSError as error:
        reporting.report_result({{"read": ""}})
"""


def test_a_caged_child_cannot_read_a_hidden_folder(start: Starter, tmp_path: Path) -> None:
    if not find_cage().hides:
        pytest.skip(f"this machine says: {find_cage().facts}")
    secrets, folder = tmp_path / "secrets", tmp_path / "run"
    secrets.mkdir()
    folder.mkdir()
    (secrets / "key").write_text("the key")
    code = TRY_SECRET.format(path=str(secrets / "key"))
    outside = start(code, folder, hidden=(secrets,))
    run_to_end(outside)
    assert outside.heard.result == {"read": "the key"}
    inside = start(code, folder, cage=find_cage(), hidden=(secrets,))
    run_to_end(inside)
    assert inside.heard.result == {"read": ""}
    assert (secrets / "key").read_text() == "the key"


TRY_SOCKET = """
    import socket
    from portal.jobs import reporting
    try:
        socket.socket(socket.AF_UNIX).connect({path!r})
        reporting.report_result({{"reached": True}})
    except OSError:
        reporting.report_result({{"reached": False}})
"""


def test_a_caged_child_cannot_reach_a_hidden_socket_beside_its_run_folder(start: Starter, tmp_path: Path) -> None:
    """The folder that holds the socket holds the run folder too, so it is hidden around that one."""
    if not find_cage().hides:
        pytest.skip(f"this machine says: {find_cage().facts}")
    folder, path = tmp_path / "run", tmp_path / "s"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        code = TRY_SOCKET.format(path=str(path))
        outside = start(code, folder, hidden=(tmp_path, path))
        run_to_end(outside)
        assert outside.heard.result == {"reached": True}
        inside = start(code, folder, cage=find_cage(), hidden=(tmp_path, path))
        run_to_end(inside)
        assert inside.heard.result == {"reached": False}


TRY_OTHER_JOB = """
    import os
    from pathlib import Path
    from portal.jobs import reporting
    def look(path):
        try:
            return Path(path).read_text()
        except OSError:
            return ""
    Path("own.txt").write_text("written")
    reporting.report_result({{
        "seen": sorted(os.listdir({jobs!r})),
        "other": look({other!r}),
        "own": look({own!r} + "/own.txt"),
        "here": os.getcwd() == {own!r},
    }})
"""


def test_a_caged_child_sees_its_own_job_and_no_other(start: Starter, tmp_path: Path) -> None:
    """A folder of another job may hold test inputs, predictions, or the true headers of an upload."""
    if not find_cage().hides:
        pytest.skip(f"this machine says: {find_cage().facts}")
    jobs = tmp_path / "jobs"
    own, other = jobs / "one" / "attempt-000001", jobs / "two" / "attempt-000001"
    for folder in (own, other):
        folder.mkdir(parents=True)
    (other / "table.csv").write_text("who was tested")
    code = TRY_OTHER_JOB.format(jobs=str(jobs), other=str(other / "table.csv"), own=str(own))
    outside = start(code, own, hidden=(jobs,))
    run_to_end(outside)
    assert outside.heard.result == {"seen": ["one", "two"], "other": "who was tested", "own": "written", "here": True}
    inside = start(code, own, cage=find_cage(), hidden=(jobs,))
    run_to_end(inside)
    assert inside.heard.result == {"seen": ["one"], "other": "", "own": "written", "here": True}
    assert (own / "own.txt").read_text() == "written"
    assert (other / "table.csv").read_text() == "who was tested"


def test_what_a_child_cannot_work_without_is_never_hidden(tmp_path: Path) -> None:
    found = Cage(hides=True).orders_for(tmp_path / "run", 0, {}, (Path("/"), Path(sys.prefix), ROOT / "docs"))
    assert (found["hidden"], found["around"]) == ([str(ROOT / "docs")], None)


def test_the_portal_hides_the_folder_of_all_jobs(tmp_path: Path, settings: pytest.FixtureRequest) -> None:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    folder = tmp_path / "jobs" / "one" / "attempt-000001"
    folder.mkdir(parents=True)
    assert Cage(hides=True).orders_for(folder, 0, {}, hidden_paths())["around"] == str(tmp_path / "jobs")


TRY_WRITING = """
    from pathlib import Path
    from portal.jobs import reporting
    def try_writing(path):
        try:
            Path(path).write_text("written by the child")
            return True
        except OSError:
            return False
    tried = {{"here": "note.txt", "tmp": "tmp/note.txt", "memory": "/dev/shm/trabecula-note", "elsewhere": {path!r}}}
    reporting.report_result({{name: try_writing(path) for name, path in tried.items()}})
"""


def test_a_caged_child_writes_to_its_run_folder_alone(start: Starter, tmp_path: Path) -> None:
    if not find_cage().read_only:
        pytest.skip(f"this machine says: {find_cage().facts}")
    elsewhere, folder = tmp_path / "elsewhere.py", tmp_path / "run"
    folder.mkdir()
    code = TRY_WRITING.format(path=str(elsewhere))
    outside = start(code, folder)
    run_to_end(outside)
    assert outside.heard.result == {"here": True, "tmp": True, "memory": True, "elsewhere": True}
    elsewhere.write_text("as it was")
    Path("/dev/shm/trabecula-note").unlink()
    inside = start(code, folder, cage=find_cage())
    run_to_end(inside)
    assert inside.heard.result == {"here": True, "tmp": True, "memory": True, "elsewhere": False}
    assert elsewhere.read_text() == "as it was"
    assert not Path("/dev/shm/trabecula-note").exists()
    assert (folder / "note.txt").read_text() == "written by the child"


def test_a_caged_child_of_root_has_no_capability_to_undo_it(start: Starter, tmp_path: Path) -> None:
    child = start(
        """
        from portal.jobs import reporting
        lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
        reporting.report_result({name: lines[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs")})
        """,
        tmp_path,
        cage=find_cage(),
    )
    run_to_end(child)
    assert child.heard.result is not None
    assert child.heard.result["NoNewPrivs"] == "1"
    if os.geteuid() == 0:
        assert {child.heard.result[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16}


@pytest.mark.parametrize(
    ("cage", "words"),
    [
        (Cage(no_network=True, own_user=True), ("no network", "own user")),
        (
            Cage(own_space=True, no_network=True, hides=True, read_only=True),
            ("no network", "secrets and database hidden", "every file read-only but its own"),
        ),
        (
            Cage(own_space=True, no_network=True, hides=True),
            (
                "no network",
                "secrets and database hidden",
                "unsandboxed: this machine does not allow another user or a mount namespace",
            ),
        ),
        (Cage(own_user=True), ("own user", "unsandboxed: this machine does not allow a network namespace")),
        (
            Cage(no_network=True),
            ("no network", "unsandboxed: this machine does not allow another user or a mount namespace"),
        ),
    ],
)
def test_a_cage_says_what_it_is_and_what_is_missing(cage: Cage, words: tuple[str, ...]) -> None:
    assert cage.facts == words
    assert cage.is_sandboxed == (not any("unsandboxed" in word for word in words))


def test_the_orders_are_json_and_name_what_is_there_once(tmp_path: Path) -> None:
    hidden = tmp_path / "secrets"
    hidden.mkdir()
    (hidden / "inside").mkdir()
    paths = (hidden, hidden / "inside", tmp_path / "gone")
    orders = Cage(own_user=True, hides=True).orders_for(tmp_path / "run", 3, {"RLIMIT_CORE": 0}, paths)
    assert json.loads(json.dumps(orders)) == {
        "parent": os.getpid(),
        "limits": {"RLIMIT_CORE": 0},
        "user": 60_603,
        "own_space": False,
        "no_network": False,
        "hidden": [str(hidden)],
        "around": None,
        "folder": str(tmp_path / "run"),
        "read_only": False,
    }
