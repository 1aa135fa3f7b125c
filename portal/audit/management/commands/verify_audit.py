"""`manage.py verify_audit`: check the whole audit; name each row that is not what it was."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.audit.verify import verify_audit
from portal.proof import ledger


class Command(BaseCommand):
    help = "Check the ledger's chain, the sealed batches and every event. Exit status 1 if anything was changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--anchor", type=Path, help="a head of the ledger that was noted outside this machine")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        anchor = ledger.read_anchor(options["anchor"].read_bytes()) if options["anchor"] else None
        report = verify_audit(anchor)
        if options["json"]:
            self.stdout.write(json.dumps({**vars(report), "findings": [str(one) for one in report.findings]}))
        else:
            for finding in report.findings:
                self.stdout.write(f"CHANGED  {finding}")
            for name in report.erased:
                self.stdout.write(f"erased   {name}")
            outside = "against the anchor given" if anchor else "internally consistent only: no anchor was given"
            self.stdout.write(
                f"{report.n_entries} ledger entries, {report.n_batches} batches, {report.n_events} events "
                f"({report.n_unsealed} not yet sealed, {len(report.erased)} erased), head {report.head or 'none'}; "
                f"{outside}"
            )
        if not report.holds:
            raise CommandError(f"the audit does not hold: {len(report.findings)} finding(s)", returncode=1)
