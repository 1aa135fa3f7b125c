"""`manage.py scorer`: what `python -m cohort.vault.scorer` runs."""

import resource
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from cohort.vault.serving import serve

ROLE = "tb_scorer"


class Command(BaseCommand):
    help = "The scorer: makes sealing keys, rehearses, and reveals what two custodians open together."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="answer what waits now, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PROCESS != "scorer" or set(settings.DATABASES) != {"default"}:
            raise CommandError("the scorer runs in a process of its own, with its own role alone (TRABECULA_PROCESS)")
        # What the memory held is written into no file, not even when the process falls over.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            if (role := cursor.fetchone()[0]) != ROLE:
                raise CommandError(f"the scorer speaks as '{role}', wanted '{ROLE}'")
        stop = threading.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: stop.set())
        serve(stop, once=options["once"])
