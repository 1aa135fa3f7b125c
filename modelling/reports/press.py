"""`python -m modelling.reports.press pdf|png|svg [FIGURE]`: a score sheet comes in, a print goes out. Pure.

A process of its own, so that no page loads matplotlib and no thread shares its state.
"""

import sys
from collections.abc import Sequence
from typing import Any, cast

from modelling.reports.figures import draw
from modelling.reports.pdf import print_report
from portal.proof import jcs


def main(words: Sequence[str]) -> int:
    """Print what the words ask for, from standard input to standard output."""
    kind, *names = words
    text = sys.stdin.buffer.read()
    if kind == "pdf":
        sys.stdout.buffer.write(print_report(text.decode()))
        return 0
    sheet = cast(dict[str, Any], jcs.loads(text))
    sys.stdout.buffer.write(draw(sheet, cast(Any, names[0]), cast(Any, kind), sheet["marks"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
