#!/usr/bin/env python
"""Django's command line, and the doors of `./run`."""

import os
import sys

# These start before Django does and bring database, broker and secrets along (portal.doors).
# `check` is Django's own command; ./run check reaches ours by `./run`'s word for it.
DOORS = frozenset({"demo", "serve", "worker", "test", "attest", "check-all", "bench", "study", "backup", "restore"})

# Which database role a command speaks as; everything else speaks as the pages do.
PROCESS_OF = {
    **dict.fromkeys(
        ("migrate", "makemigrations", "showmigrations", "sqlmigrate", "verify_audit", "begin_era", "dbshell"), "deploy"
    ),
    **dict.fromkeys(("clock", "seal_audit"), "clock"),
}


def main() -> None:
    """Open a door, or choose the process kind from the command and hand over to Django."""
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in DOORS:
        from portal.doors.cli import run

        raise SystemExit(run(sys.argv[1:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if command in PROCESS_OF:
        os.environ.setdefault("TRABECULA_PROCESS", PROCESS_OF[command])
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit("Django is not installed here. Run ./run, or: pip install -r requirements.txt") from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
