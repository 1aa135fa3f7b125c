"""Which code scores: one digest over the sources that turn labels and predictions into numbers (pure)."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from portal.proof import jcs

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "modelling/engine/metrics",
    "modelling/engine/blinding",
    "portal/proof",
    "cohort/vault",
    "cohort/labels",
    "modelling/blinded/baselines.py",
    "modelling/blinded/baseline_values.py",
)
"""Folders, whose own files count, and single files."""


def compute_code_sha256(root: Path = ROOT, sources: Iterable[str] = SOURCES) -> str:
    """Return the digest over path and content of each source, in the order of the paths."""
    files = sorted(path for source in sources for path in _list_files(root / source))
    listed = {str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest() for path in files}
    return sha256(jcs.dumps(listed)).hexdigest()


def _list_files(source: Path) -> Iterable[Path]:
    return source.glob("*.py") if source.is_dir() else [source]
