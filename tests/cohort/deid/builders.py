"""An upload laid out as the portal lays it out for its reader, and the reader's answer."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cohort.deid.fingerprints import make_fingerprints
from tests.cohort.formats.builders import BIRTH, NAME, NUMBER, ROOT

SALT, KEY = "5a" * 32, "c3" * 32
CODE, SHIFT = "EXB-0042-K", -137


def fingerprints(**other: Any) -> list[str]:
    """Return those of the person in the builders' headers."""
    family, given = NAME.split("^")
    told = {
        "family_name": family,
        "given_name": given,
        "birth_date": BIRTH,
        "hospital_number": NUMBER,
        "code": CODE,
        **other,
    }
    return make_fingerprints(SALT, **told)


def lay_out(folder: Path, files: list[Path], modality: str = "film", side: str = "L", **other: Any) -> Path:
    """Write the folder that `python -m cohort.deid` reads; return it."""
    inside = folder / "in"
    inside.mkdir(parents=True)
    listed = []
    for number, path in enumerate(files):
        raw = path.read_bytes()
        (inside / str(number)).write_bytes(raw)
        listed.append(
            {
                "id": f"f{number}",
                "name": path.name,
                "path": str(number),
                "sha256": sha256(raw).hexdigest(),
                "bytes": len(raw),
            }
        )
    told = {
        "files": listed,
        "expected": {"code": CODE, "salt": SALT, "fingerprints": other.get("fingerprints", fingerprints())},
        "declared": {
            "modality": modality,
            "side": side,
            "visit_on": "2026-03-15",
            "side_answer": other.get("side_answer", ""),
        },
        "study": {
            "key_hex": KEY,
            "prefix": "EXB",
            "date_shift_days": SHIFT,
            "origin": other.get("origin", "human"),
        },
        "limits": other.get("limits", {"data_bytes": 1536 << 20}),
    }
    (folder / "upload.json").write_text(json.dumps(told))
    return folder


def run_reader(folder: Path) -> dict[str, Any]:
    """Run the reader as a process, as the worker does; return its answer."""
    done = subprocess.run(
        [sys.executable, "-m", "cohort.deid", str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads((folder / "out" / "verdicts.json").read_text())
    return answer
