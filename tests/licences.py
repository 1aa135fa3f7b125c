"""Hold the licence of everything the product imports to an allow-list: permissive, MPL-2.0, unmodified LGPL wheels.

Run as a program by `./run check`. GPL is for command-line tools of tests and benchmarks only, in another process.
"""

import json
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent

ALLOWED = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla Public|LGPL|Lesser General Public|"
    r"PostgreSQL|Unlicense|HPND|Zlib|0BSD|CC0|Public Domain)\b",
    re.IGNORECASE,
)
READ_BY_HAND = {
    # name: licence, where it was read
    "torch": "BSD-3-Clause (LICENSE in the wheel)",
}


def list_product_packages() -> set[str]:
    """Return the names of everything requirements.txt installs, with what that needs in turn."""
    found: set[str] = set()
    waiting = [Requirement(line) for line in _lines(ROOT / "requirements.txt")]
    while waiting:
        one = waiting.pop()
        name = _normal(one.name)
        if name in found:
            continue
        found.add(name)
        for text in requires(one.name) or ():
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in {"", *one.extras}):
                waiting.append(need)
    return found


def main() -> int:
    """Print each package whose licence is not on the list; return how many there are, at most 1."""
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--with-system", "--from=all"]
    rows = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    wanted = list_product_packages()
    bad = []
    for row in rows:
        name = _normal(row["Name"])
        if name not in wanted or name in READ_BY_HAND:
            continue
        words = " ".join(str(row.get(key, "")) for key in ("License", "License-Metadata", "License-Expression"))
        words += " " + str(row.get("License-Classifier", ""))
        if not ALLOWED.search(words):
            bad.append(f"{row['Name']} {row['Version']}: {words.strip()}")
    missing = wanted - {_normal(row["Name"]) for row in rows}
    bad += [f"{name}: named by requirements.txt, not installed" for name in sorted(missing)]
    sys.stdout.write("\n".join(bad) + ("\n" if bad else f"{len(wanted)} packages, all allowed\n"))
    return 1 if bad else 0


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    raise SystemExit(main())
