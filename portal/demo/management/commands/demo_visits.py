"""`manage.py demo_visits --url URL`: bring in visits and images of the demo's people, through the portal's doors."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cohort.imaging.models import Upload
from cohort.imaging.states import UploadState
from portal.demo.door import Refusal
from portal.demo.invented import Invented, invent
from portal.demo.living import ask_a_question, bring_everybody, leave_mishaps, renew_and_end_consents
from portal.demo.waiting import NotDone, wait_until
from portal.jobs.states import ENDED, State


class Command(BaseCommand):
    help = "Bring in visits and images of the demo's people. Where they are already, nothing changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True, help="where the portal is served")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("this is for a demo only (TRABECULA_DEMO=1)")
        if Upload.objects.exists():
            self.stdout.write("      visits and images are there already")
            return
        people = self._people()
        try:
            bring_everybody(options["url"], people, settings.HOME / "demo" / "images", self._say)
            wait_until(self._is_read, "the reading of the images")
            leave_mishaps(people)
            ask_a_question(people)
            renew_and_end_consents(people)
        except (Refusal, NotDone) as error:
            raise CommandError(str(error)) from None

    def _people(self) -> dict[str, Invented]:
        known = json.loads((settings.HOME / "demo" / "people.json").read_text("utf-8"))
        return {
            code: invent(one["number"], one["index"], date.fromisoformat(one["day"])) for code, one in known.items()
        }

    def _is_read(self) -> bool:
        reading = Upload.objects.filter(state=UploadState.READING)
        stuck = reading.filter(job__state__in=(*ENDED, State.PARKED)).exclude(job__state=State.FINISHED).first()
        if stuck is not None and stuck.job is not None:
            raise NotDone(f"the reading of the images: a job ended as '{stuck.job.state}': {stuck.job.failure_text}")
        return not Upload.objects.filter(state__in=(UploadState.RECEIVING, UploadState.READING)).exists()

    def _say(self, done: int, total: int) -> None:
        if done % max(total // 5, 1) == 0 or done == total:
            self.stdout.write(f"      {done} of {total} visits entered, with their images")
            self.stdout.flush()
