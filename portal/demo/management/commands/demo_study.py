"""`manage.py demo_study`: make the simulated study of the demo, once."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.demo.people import STAFF
from portal.demo.study import make_demo
from portal.roles.models import Role


class Command(BaseCommand):
    help = "Make the simulated study of the demo. Where it is there already, nothing changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--participants", type=int, default=100)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("this is for a demo only (TRABECULA_DEMO=1): no simulated people among real ones")
        folder = settings.HOME / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        people = make_demo(options["participants"], self._say)
        if people:
            # Who was invented for whom: the next commands make their bones from it.
            known = {code: {**asdict(one), "born_on": None, "day": one.day.isoformat()} for code, one in people.items()}
            (folder / "people.json").write_text(json.dumps(known, indent=1), encoding="utf-8")
        else:
            self.stdout.write("      the simulated study is there already")
        accounts = [
            {"name": one.name, "role": Role(one.role).label, "email": one.email, "site": one.site} for one in STAFF
        ]
        (folder / "accounts.json").write_text(json.dumps(accounts, indent=2), encoding="utf-8")

    def _say(self, done: int, total: int) -> None:
        if done % max(total // 5, 1) == 0 or done == total:
            self.stdout.write(f"      {done} of {total} enrolled")
            self.stdout.flush()
