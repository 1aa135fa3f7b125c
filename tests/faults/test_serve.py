"""`./run serve` as a person starts and stops it."""

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from portal.doors.processes import free_port
from portal.embedded.removing import remove_home
from tests.faults.test_restore_drill import clean_environment, open_door
from tests.services import ROOT

pytestmark = pytest.mark.fault


def test_serve_prints_the_first_link_and_stops_when_told(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port(0)
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    environment = {**clean_environment(home), "PYTHONUNBUFFERED": "1"}
    lines: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as portal:
        assert portal.stdout is not None
        for line in portal.stdout:
            lines.append(line)
            if line.startswith("The portal runs at"):
                break
        link = re.search(r"http://127\.0\.0\.1:\d+/first-run/\?token=\S+", "".join(lines))
        assert link, "".join(lines)
        with urllib.request.urlopen(link.group(), timeout=30) as page:
            assert "Your e-mail address" in page.read().decode()
        second = open_door(home, "serve")
        assert second.returncode == 1
        assert "is running on" in second.stderr
        demo = open_door(home, "demo", "--exit")
        assert demo.returncode == 1
        assert "holds a portal, and this is ./run demo" in demo.stderr
        portal.send_signal(signal.SIGTERM)
        assert portal.wait() == 0
    left = [one.info["cmdline"] for one in psutil.process_iter(["cmdline"])]
    assert [line for line in left if str(home) in " ".join(line or [])] == []
    remove_home(home)
