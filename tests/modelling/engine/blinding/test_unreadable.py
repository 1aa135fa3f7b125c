"""A bundle whose hashes hold and whose members are no evaluation of ours is unreadable, and never refuted."""

import uuid
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from modelling.engine import cli
from modelling.engine.blinding.labels import compute_label_root
from modelling.engine.blinding.predictions import compute_prediction_root
from modelling.engine.blinding.verify import CASES, FORMAT, LABELS, LABELS_HEADER, PREDICTIONS, SCORING, SHEET
from modelling.engine.verify import Exit
from portal.proof import bundle, jcs, ledger
from tests.portal.proof.builders import at, make_public

EVALUATION, SUBMISSION = str(uuid.UUID(int=9)), str(uuid.UUID(int=4))
CODE, TOKEN = "c" * 64, "a" * 32
SHEET_BODY = jcs.dumps({"hashes": {"code_sha256": CODE}})
SCORING_BODY = jcs.dumps({})
LABEL_LINES = ",".join(LABELS_HEADER).encode() + b"\n"
PREDICTION = f"token,p,lower,upper\n{TOKEN},0.5,,\n".encode()
MODEL = {
    "submission": SUBMISSION,
    "predictions_sha256": sha256(PREDICTION).hexdigest(),
    "pred_root": compute_prediction_root({TOKEN: 0.5}),
}


def digest_of(value: jcs.Json) -> str:
    return sha256(jcs.dumps(value)).hexdigest()


def make_entries(manifest: dict[str, Any], evaluation: str, **changed: Any) -> list[ledger.Entry]:
    """Return the ledger of an evaluation's steps, in order and by two persons each."""
    two: dict[str, Any] = {"proposer": "ann", "approver": "bea"}
    protocol, root = digest_of({}), compute_label_root(())
    bodies: dict[str, dict[str, Any]] = {
        "key_made": {},
        "open": {"protocol_sha256": protocol, **two},
        "seal": {"label_root": root, "n_labels": 0, **two},
        "submit": two,
        "lock": {"manifest_sha256": digest_of(manifest), **two},
        "revealed": {
            "manifest_sha256": digest_of(manifest),
            "label_root": root,
            "sheet_sha256": sha256(SHEET_BODY).hexdigest(),
            "scoring_sha256": sha256(SCORING_BODY).hexdigest(),
            "code_sha256": CODE,
            "custodians": ["ann", "bea"],
            **changed,
        },
    }
    entries: list[ledger.Entry] = []
    for minute, (step, body) in enumerate(bodies.items()):
        told = {"at": at(minute), "kind": f"evaluation.{step}", "evaluation": evaluation, **body}
        entries.append(ledger.append(entries[-1] if entries else None, told))
    return entries


def ask(
    folder: Path,
    closed: dict[str, bytes],
    model: dict[str, Any] | None = None,
    evaluation: str = EVALUATION,
    **changed: Any,
) -> int:
    """Write both files, with these members in the closed one, and return the exit status of the command."""
    models: list[jcs.Json] = [MODEL if model is None else model]
    manifest: dict[str, Any] = {
        "label_root": compute_label_root(()),
        "protocol": {},
        "code_sha256": CODE,
        "cases_root": sha256(b"").hexdigest(),
        "models": models,
    }
    restricted = folder / "restricted.zip"
    members = {LABELS: LABEL_LINES, CASES: jcs.dumps({"salt": "00" * 32, "unopened": []})} | closed
    restricted_sha256 = bundle.write_restricted(restricted, members)
    told: dict[str, Any] = {"format": FORMAT, "evaluation": evaluation, "protocol": {}, "manifest": manifest}
    entries = make_entries(manifest, evaluation, **changed)
    more = {"evaluation.json": jcs.dumps(told), SHEET: SHEET_BODY, SCORING: SCORING_BODY}
    public = make_public(folder, entries=entries, more=more, restricted_sha256=restricted_sha256)
    return cli.main(["verify", str(public), "--restricted", str(restricted)])


def test_a_bundle_of_the_known_form_is_read_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(tmp_path, {f"{PREDICTIONS}{SUBMISSION}.csv": PREDICTION}) == Exit.REFUTED
    # Nothing of this sheet can be scored again; everything before it holds.
    assert "refuted: numbers" in capsys.readouterr().out


UNFIT = b"no predictions"
UNFIT_MODEL = MODEL | {"predictions_sha256": sha256(UNFIT).hexdigest()}


@pytest.mark.parametrize(
    ("closed", "more"),
    [
        ({LABELS: "größer\n".encode()}, {}),
        ({LABELS: LABEL_LINES + b'"' + b"x" * 200_000 + b'"\n'}, {}),
        ({f"{PREDICTIONS}{SUBMISSION}.csv": UNFIT}, {"model": UNFIT_MODEL}),
        ({}, {"model": {"name": "no submission"}}),
        ({}, {"custodians": 5}),
        ({}, {"unopened": ["no hexadecimal"]}),
        ({}, {"evaluation": "no UUID"}),
    ],
    ids=["not ASCII", "a field too long", "unfit predictions", "no submission", "custodians", "unopened", "evaluation"],
)
def test_members_of_another_form_are_unreadable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], closed: dict[str, bytes], more: dict[str, Any]
) -> None:
    assert ask(tmp_path, closed, **more) == Exit.UNREADABLE
    assert "unreadable:" in capsys.readouterr().err
