"""Who takes back any further use between sealing and lock is left out, stays sealed, and is counted; and what a
rehearsal and a report tell of those left out."""

import json
from dataclasses import replace

import pytest

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.participants.models import Participant
from cohort.vault.models import Request, RevealedLabel
from cohort.vault.scoring import NO_INPUTS, WITHDRAWN
from modelling.blinded import services
from modelling.blinded.export import write_bundle
from modelling.blinded.models import Step
from modelling.engine.blinding.verify import check_hashes, read_told
from modelling.engine.verify import Exit, State, verify_bundle
from portal.audit.export import LEDGER
from portal.core.errors import StaleState
from portal.proof.archive import Archive, Limits
from portal.proof.ledger import read_line
from tests.cast import days_ago
from tests.modelling.blinded import stage as on
from tests.modelling.blinded.stage import Stage


@pytest.fixture
def stage(fresh_database: dict[str, str]) -> Stage:
    return on.set_stage(fresh_database)


def leave(stage: Stage, participant: Participant) -> None:
    """Take back every use, as said a week ago."""
    withdraw_consent(
        actor=stage.cast.nora, participant=participant, level=Level.NO_FURTHER_USE, withdrawn_on=days_ago(0)
    )


def rehearsal_of(stage: Stage) -> dict[str, object]:
    """Return the sheet of the last rehearsal."""
    found = Request.objects.using("default").filter(kind="rehearse", state="done").order_by("-asked_at").first()
    sheet: dict[str, object] = json.loads(found.result["sheet"])
    return sheet


def test_who_leaves_before_the_lock_is_not_opened_not_scored_and_counted(stage: Stage):
    on.bring_to_enrolling(stage)
    stage.agree(Step.VOID, stage.cast.dan, stage.cast.cora)
    on.bring_to_submitted(stage)
    test_people = set(stage.test_people())
    sheet = rehearsal_of(stage)
    assert (sheet["excluded"], sheet["n"]) == ([], len(test_people))
    assert {"step": "drawn for the test", "n": len(test_people)} in sheet["flow"]
    tested = Participant.objects.get(pk=sorted(test_people)[0])
    trained = Participant.objects.get(pk=sorted(set(stage.truth) - test_people)[0])
    proposal = services.propose(actor=stage.cast.paula, evaluation=stage.evaluation, step=Step.LOCK)
    leave(stage, tested)
    with pytest.raises(StaleState, match="has changed since it was proposed"):
        services.approve(actor=stage.cast.cora, proposal=proposal, digest=proposal.digest)
    leave(stage, trained)
    stage.agree(Step.LOCK, stage.cast.paula, stage.cast.cora)
    on.reveal(stage)
    found = on.sheet_of(stage)
    assert found["n"] == len(test_people) - 1
    assert found["excluded"] == [{"reason": WITHDRAWN, "n": 1}]
    assert {"step": "drawn for the test", "n": len(test_people)} in found["flow"]
    opened = set(RevealedLabel.objects.using("default").values_list("participant_id", flat=True))
    assert opened == test_people - {tested.pk}
    assert len(found["deviations"]) == 1
    assert "'Past fracture from the wrist', an evaluation of the same task, was voided on" in found["deviations"][0]
    assert found["deviations"][0].endswith("it had reached the state 'enrolling'.")
    with write_bundle(stage.evaluation) as files:
        verdict = verify_bundle(files.public, restricted=files.restricted)
        with Archive(files.public, Limits()) as archive:
            entries = [read_line(line) for line in archive.read_lines(LEDGER)]
            told = read_told(archive, entries)
    assert verdict.exit is Exit.PROVED, verdict
    assert {one.name: one.state for one in verdict.checks}["labels"] is State.PROVED
    assert list(check_hashes(told)) == []
    scored_by_other_code = replace(told, sheet=told.sheet.replace(found["hashes"]["code_sha256"].encode(), b"f" * 64))
    assert f"scored by code {'f' * 64}" in [one.found for one in check_hashes(scored_by_other_code)]


def test_a_rehearsal_keeps_the_exclusions_that_were_committed_to(stage: Stage):
    everybody = stage.test_people()
    no_label = sorted(everybody)[0]
    stage.truth[no_label] = None  # type: ignore[assignment]
    on.bring_to_sealed(stage)
    on.enter(stage, "primary")
    services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    on.run_scorer_once(stage)
    assert stage.evaluation.n_labels == len(everybody) - 1
    sheet = rehearsal_of(stage)
    assert sheet["excluded"] == []
    assert sorted((one["step"], one["n"]) for one in sheet["flow"]) == [
        ("drawn for the test", len(everybody)),
        ("scored", len(everybody)),
    ]
    assert NO_INPUTS not in json.dumps(sheet)
