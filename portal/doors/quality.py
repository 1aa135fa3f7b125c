"""`./run check`, `test`, `attest`, `bench`, `study`: what is held true, quickest first."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from portal.doors.home import ROOT

PYTHON = sys.executable
PURE = ("portal/proof", "portal/embedded", "portal/doors", "modelling/engine", "cohort/formats", "cohort/deid")
FRONTEND = ROOT / "frontend"
DJLINT = "import os; os.cpu_count = lambda: 1; from djlint import main; main()"
"""In one process: its pool wants shared memory, which a bare machine may not let an ordinary user have."""
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""Two halves of the tests at once, each with services of its own; a file's tests stay together for their fixtures.

The order of the files is the tests' own (tests/conftest.py): by how many tests they hold, the longest would come last.
"""


@dataclass(frozen=True)
class Check:
    """One command that must end with status 0."""

    words: str
    command: tuple[str, ...]
    folder: Path = ROOT
    environment: dict[str, str] = field(default_factory=dict)


def check() -> int:
    """Run every check, two at a time and all of them even if one fails; return 0 if all hold."""
    checks = _checks()
    with ThreadPoolExecutor(2) as side_by_side:
        failed = [one.words for one, holds in zip(checks, side_by_side.map(_run, checks), strict=True) if not holds]
    _say("All checks hold." if not failed else f"These checks fail: {'; '.join(failed)}.")
    return 1 if failed else 0


def test(paths: Sequence[str]) -> int:
    """Run the checks, the script tests and every test but the faults; with paths only those tests."""
    if paths:
        return _pytest(*paths)
    status = check()
    scripts = Check("scripts (node)", (_npm(), "test"), FRONTEND)
    status = status or (0 if _run(scripts) else 1)
    return _pytest("-m", "not fault", *SIDE_BY_SIDE) or status


def attest() -> int:
    """Run the faults and attacks."""
    return _pytest("-m", "fault", "-p", "no:randomly")


def bench() -> int:
    """Run what is measured: prints ratios, never fails for a slow machine."""
    return _python("-m", "bench")


def study() -> int:
    """Run what takes hours."""
    return _python("-m", "bench.phantom", "--people", "400", "--drawn", "40", "--broken", "60", "--images", "400")


def without_services() -> dict[str, str]:
    """Return an environment in which Django starts and reaches nothing."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "IDENTITY_KEY": secrets.token_urlsafe(48),
        "DEID_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "BROKER_URL": "memory://",
    }


def _checks() -> list[Check]:
    django = {**without_services(), "PYTHONWARNINGS": "ignore"}
    tools = Path(PYTHON).parent
    return [
        Check("style (ruff)", (PYTHON, "-m", "ruff", "check", ".")),
        Check("layout (ruff format)", (PYTHON, "-m", "ruff", "format", "--check", ".")),
        Check("import rules (import-linter)", (str(tools / "lint-imports"), "--no-cache")),
        Check(
            "types of the pure parts (mypy --strict)",
            # Beside the other one, and asked other things, so with a memory of its own.
            (PYTHON, "-m", "mypy", "--strict", "--cache-dir", ".mypy_cache/pure", *PURE),
            ROOT,
            django,
        ),
        Check(
            "types (mypy with django-stubs)",
            (PYTHON, "-m", "mypy", "portal", "cohort", "modelling", "frontend"),
            ROOT,
            django,
        ),
        Check("templates (djlint)", (PYTHON, "-c", DJLINT, "--lint", "frontend/templates", "--quiet")),
        Check("scripts (eslint)", (_npm(), "run", "--silent", "lint"), FRONTEND),
        Check("licences", (PYTHON, "tests/licences.py")),
        Check("migrations are complete", (PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"), ROOT, django),
        Check(
            "settings (check --deploy)",
            (PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
            ROOT,
            django,
        ),
    ]


def _run(one: Check) -> bool:
    begun = time.monotonic()
    done = subprocess.run(
        one.command,
        cwd=one.folder,
        env={**os.environ, **one.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    holds = done.returncode == 0
    _say(f"{'holds' if holds else 'FAILS'}  {one.words}  ({time.monotonic() - begun:.1f} s)")
    if not holds:
        _say(done.stdout)
    return holds


def _pytest(*arguments: str) -> int:
    return _python("-m", "pytest", *arguments)


def _python(*arguments: str) -> int:
    return subprocess.run([PYTHON, *arguments], cwd=ROOT, check=False).returncode


def _npm() -> str:
    return shutil.which("npm") or str(Path(PYTHON).parent / "npm")


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
