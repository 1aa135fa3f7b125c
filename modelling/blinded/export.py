"""The two files of a revealed evaluation: the public one for anybody, the restricted one with labels and predictions.

One manifest vouches for both (portal.proof.bundle); `python -m modelling.engine verify` checks them without the portal.
"""

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from django.utils import timezone

from cohort.vault.access import WEB, find_last_request, find_score_sheet
from cohort.vault.models import Prediction, RequestKind, RevealedLabel, ScoreSheet
from modelling.blinded.access import find_approved_proposal, list_submissions
from modelling.blinded.models import Evaluation, Step, Submission
from modelling.engine.blinding import verify
from portal.audit.chain import list_batches, list_entries
from portal.audit.export import BATCHES, LEDGER
from portal.audit.models import LedgerEntry
from portal.audit.record import head, record_read
from portal.core.errors import Refused
from portal.proof import batches, bundle, jcs, ledger
from portal.proof.archive import Source
from portal.roles.actors import Actor
from portal.roles.policy import require


@dataclass(frozen=True)
class Files:
    """The two files, while their folder is there."""

    public: Path
    restricted: Path


def open_public(actor: Actor, evaluation: Evaluation) -> tuple[str, IO[bytes]]:
    """Return name and open file of the public bundle; that the actor took it is recorded."""
    require(actor, "evaluation.take_public")
    record_read(actor, "evaluation.public", evaluation.pk)
    with write_bundle(evaluation) as files:
        return f"evaluation-{str(evaluation.pk)[:8]}-public.zip", files.public.open("rb")


def open_restricted(actor: Actor, evaluation: Evaluation) -> tuple[str, IO[bytes]]:
    """Return name and open file of labels and predictions; for custodians and the auditor, and recorded."""
    require(actor, "evaluation.take_restricted")
    record_read(actor, "evaluation.restricted", evaluation.pk)
    with write_bundle(evaluation) as files:
        return f"evaluation-{str(evaluation.pk)[:8]}-restricted.zip", files.restricted.open("rb")


@contextmanager
def write_bundle(evaluation: Evaluation) -> Iterator[Files]:
    """Give both files of a revealed evaluation; the same each time for the same ledger. Raises Refused before."""
    sheet = find_score_sheet(evaluation.pk) if evaluation.is_opened else None
    last = head()
    if sheet is None or last is None:
        raise Refused("there is no bundle before the reveal")
    with tempfile.TemporaryDirectory(prefix="trabecula-bundle-") as name:
        folder = Path(name)
        files = Files(folder / "public.zip", folder / "restricted.zip")
        # Two people who take them at different times hold files that fit: the nonce follows from what is closed.
        digest = bundle.write_restricted(files.restricted, _list_restricted(evaluation), nonce=_find_nonce(evaluation))
        upto = _find_revealed_seq(evaluation)
        sources: dict[str, Source] = {
            LEDGER: b"".join(map(ledger.write_line, list_entries(upto))),
            BATCHES: b"".join(map(batches.write_line, list_batches(upto))),
            verify.EVALUATION: jcs.dumps(_describe(evaluation)),
            verify.SHEET: sheet.body.encode(),
            verify.SCORING: sheet.scoring.encode(),
        }
        manifest = bundle.Manifest(_about(evaluation, sheet), bundle.describe_members(sources), digest)
        bundle.write_public(files.public, manifest, sources)
        yield files


def _about(evaluation: Evaluation, sheet: ScoreSheet) -> dict[str, jcs.Json]:
    mark: dict[str, jcs.Json] = {"mark": "SIMULATED"} if evaluation.origin == "simulated" else {}
    return {
        "what": "a revealed blinded evaluation; research use, not a medical device",
        "evaluation": str(evaluation.pk),
        "title": evaluation.title,
        "origin": evaluation.origin,
        "revealed_at": ledger.write_time(evaluation.revealed_at or timezone.now()),
        "sheet_sha256": sheet.sha256,
        "custody": "demo: not blinded against this machine's administrator"
        if evaluation.is_demo_custody
        else "three custodians",
        **mark,
    }


def _describe(evaluation: Evaluation) -> dict[str, jcs.Json]:
    steps: list[jcs.Json] = []
    for step in (Step.OPEN, Step.SEAL, Step.SUBMIT, Step.LOCK):
        if (found := find_approved_proposal(evaluation, step)) is not None:
            steps.append({"step": str(step), "digest": found.digest, "body": jcs.loads(found.body.encode())})
    return {
        "format": verify.FORMAT,
        "evaluation": str(evaluation.pk),
        "study": str(evaluation.study_id),
        "origin": evaluation.origin,
        "task": evaluation.task,
        "protocol": evaluation.protocol,
        "manifest": jcs.loads(evaluation.manifest.encode()),
        "steps": steps,
    }


def _list_restricted(evaluation: Evaluation) -> dict[str, Source]:
    # The file can be read without the public one beside it, so it says of whom it is itself.
    mark: dict[str, jcs.Json] = {"mark": "SIMULATED"} if evaluation.origin == "simulated" else {}
    origin = jcs.dumps({"origin": evaluation.origin, "evaluation": str(evaluation.pk), **mark})
    found: dict[str, Source] = {
        "origin.json": origin,
        verify.LABELS: _write_labels(evaluation),
        verify.CASES: jcs.dumps(_find_cases(evaluation)),
    }
    for one in list_submissions(evaluation):
        prediction = Prediction.objects.using(WEB).get(submission_id=one.pk)
        found[f"{verify.PREDICTIONS}{one.pk}.csv"] = bytes(prediction.content)
        if prediction.weights is not None and one.role == Submission.Role.PRIMARY:
            found[verify.WEIGHTS] = bytes(prediction.weights)
    manifest: Any = jcs.loads(evaluation.manifest.encode())
    for model in manifest["models"]:
        # Those that nobody entered are the rules of the protocol.
        if (name := f"{verify.PREDICTIONS}{model['submission']}.csv") not in found:
            found[name] = bytes(Prediction.objects.using(WEB).get(submission_id=model["submission"]).content)
    return found


def _write_labels(evaluation: Evaluation) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(verify.LABELS_HEADER)
    rows = RevealedLabel.objects.using(WEB).filter(evaluation_id=evaluation.pk).order_by("participant_id")
    for row in rows:
        writer.writerow([str(row.participant_id), row.token, row.value, bytes(row.nonce).hex()])
    return stream.getvalue().encode("ascii")


def _find_cases(evaluation: Evaluation) -> dict[str, jcs.Json]:
    """Return what the scorer told of the cases when it revealed."""
    request = find_last_request(evaluation.pk, RequestKind.REVEAL)
    found: dict[str, jcs.Json] | None = (request.result or {}).get("cases") if request else None
    if found is None:
        raise Refused("the reveal did not tell who has which case")
    return found


def _find_nonce(evaluation: Evaluation) -> bytes:
    """Return 32 bytes that nobody can guess who does not hold the labels' own random bytes."""
    rows = RevealedLabel.objects.using(WEB).filter(evaluation_id=evaluation.pk).order_by("participant_id")
    return sha256(b"trabecula.restricted\x00" + b"".join(bytes(row.nonce) for row in rows)).digest()


def _find_revealed_seq(evaluation: Evaluation) -> int:
    found = LedgerEntry.objects.filter(body__contains='"kind":"evaluation.revealed"').filter(
        body__contains=str(evaluation.pk)
    )
    entry = found.order_by("seq").first()
    if entry is None:
        raise Refused("the ledger has no entry of this reveal")
    return entry.seq
