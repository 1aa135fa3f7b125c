"""Pages and workers start without torch: it belongs to the engine's own processes."""

import importlib.util
import os
import subprocess
import sys

from tests.services import ROOT

CODE = """
import sys, django
django.setup()
import portal.urls, portal.celery
loaded = [name for name in ("torch", "monai", "numpy") if name in sys.modules]
sys.stdout.write(",".join(loaded))
"""


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True
    ).stdout


def test_the_portal_starts_without_torch() -> None:
    assert importlib.util.find_spec("torch") is not None, "torch must be there for its absence to say something"
    loaded = run_python(CODE).split(",")
    assert "torch" not in loaded
    assert "monai" not in loaded
