"""What a visitor of the demo may take along: the report as page and PDF, and the evaluation's public file."""

from pathlib import Path

from modelling.blinded.models import Evaluation
from portal.accounts.models import User
from portal.demo.door import Door

REPORT_HTML, REPORT_PDF, BUNDLE = "report.html", "report.pdf", "public.zip"


def take_along(evaluation: Evaluation, url: str, folder: Path) -> None:
    """Take the papers of a revealed evaluation through the portal's doors, as its principal investigator."""
    door = Door(url)
    door.sign_in(User.objects.get(email="paula@demo.example").pk)
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in ((REPORT_HTML, "report/"), (REPORT_PDF, "report.pdf"), (BUNDLE, "public.zip")):
        (folder / name).write_bytes(door.get(f"evaluations/{evaluation.pk}/{path}"))
