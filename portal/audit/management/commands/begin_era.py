"""`manage.py begin_era`: after a restore, say so in the ledger; transaction numbers begin anew in another cluster."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from portal.audit.models import Era
from portal.audit.record import append_to_ledger


class Command(BaseCommand):
    help = "Begin a new era of the audit, as ./run restore does. The ledger keeps it for good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            last = Era.objects.order_by("-pk").values_list("pk", flat=True)[0]
            era = Era.objects.create(pk=last + 1, began_at=timezone.now(), reason=options["reason"])
            append_to_ledger("audit.era", {"era": era.pk, "reason": era.reason})
        self.stdout.write(f"{era}")
