"""Prints of a score sheet, made by a child process: see `press.py`."""

import os
import subprocess
import sys

from django.conf import settings

from modelling.reports.document import FigureName
from modelling.reports.words import Sheet
from portal.core.errors import Refused
from portal.proof import jcs

LIMIT_SECONDS = 120


def write_text(sheet: Sheet) -> str:
    """Return a sheet's frozen text: canonical JSON, the same as the scorer wrote."""
    return jcs.dumps(dict(sheet)).decode()


def print_pdf(sheet: Sheet) -> bytes:
    """Return the report as PDF. Raises Refused if it could not be printed."""
    return _run_press(sheet, "pdf")


def print_figure(sheet: Sheet, name: FigureName, kind: str) -> bytes:
    """Return one figure as PNG or SVG. Raises Refused if it could not be drawn."""
    return _run_press(sheet, kind, name)


def _run_press(sheet: Sheet, *words: str) -> bytes:
    """Run the press without the portal's secrets: it gets the sheet and nothing else."""
    cache = settings.HOME / "cache" / "matplotlib"
    cache.mkdir(parents=True, exist_ok=True)
    environment = {"PATH": os.environ.get("PATH", ""), "MPLCONFIGDIR": str(cache), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "modelling.reports.press", *words]
    try:
        done = subprocess.run(
            command,
            input=write_text(sheet).encode(),
            capture_output=True,
            check=False,
            cwd=settings.ROOT,
            env=environment,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused(f"printing took longer than {LIMIT_SECONDS} seconds and was given up; try again") from error
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().splitlines()
        raise Refused(f"the report could not be printed: {why[-1] if why else 'the press said nothing'}")
    return done.stdout
