"""`python -m cohort.vault.scorer`: the scorer's process. It alone speaks as `tb_scorer`; no broker reaches it."""

import os
import sys

from django.core.management import execute_from_command_line


def main(words: list[str]) -> None:
    """Run the scorer until it is told to stop; `--once` answers what waits and ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ.setdefault("TRABECULA_PROCESS", "scorer")
    execute_from_command_line(["trabecula", "scorer", *words])


if __name__ == "__main__":
    main(sys.argv[1:])
