"""From the draft to the reveal, with the scorer as the process it is."""

import uuid
from pathlib import Path

import pytest
from django.db import connections
from django.urls import reverse

from cohort.vault.models import Request, RevealedLabel
from modelling.blinded import services
from modelling.blinded.export import write_bundle
from modelling.blinded.models import Step
from modelling.engine.verify import Exit, State, verify_bundle
from portal.core.errors import Refused, StaleState
from tests.browser import until
from tests.cohort.pages import look_as, words
from tests.modelling.blinded import stage as on
from tests.modelling.blinded.stage import Stage
from tests.services import SERVICES, superuser


@pytest.fixture
def stage(fresh_database: dict[str, str]) -> Stage:
    return on.set_stage(fresh_database)


def test_an_evaluation_goes_from_draft_to_archive_and_its_bundle_is_proved(stage: Stage, tmp_path: Path):
    on.bring_to_sealed(stage)
    risks = {pk: 0.9 if stage.truth[pk] else 0.1 for pk in stage.truth}
    on.enter(stage, "primary", risks)
    on.enter(stage, "baseline")
    services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    on.run_scorer_once(stage)
    stage.agree(Step.SUBMIT, stage.cast.ana, stage.cast.dan)
    stage.agree(Step.LOCK, stage.cast.paula, stage.cast.cora)
    assert on.sheet_of(stage) == {}
    on.reveal(stage)
    sheet = on.sheet_of(stage)
    assert sheet["n"] == len(stage.test_people())
    assert sheet["n_events"] == sum(stage.truth[pk] for pk in stage.test_people())
    assert sheet["models"][0]["auc"]["value"] == 1.0
    opened = {one.participant_id: one.value for one in RevealedLabel.objects.using("default").all()}
    assert opened == {pk: stage.truth[pk] for pk in stage.test_people()}
    prove_and_refute(stage, tmp_path)
    stage.agree(Step.REPORT, stage.cast.paula, stage.auditor)
    stage.agree(Step.ARCHIVE, stage.cast.dan, stage.cast.paula)
    assert stage.evaluation.state == "archived"
    with pytest.raises(Refused, match=r"the test set of 'FX_FRAG' is spent: .* planned 1 opening\(s\)"):
        on.draft(stage)


def prove_and_refute(stage: Stage, folder: Path) -> None:
    """The bundle proves itself; with one label, one prediction or one number changed it does not."""
    with write_bundle(stage.evaluation) as files:
        verdict = verify_bundle(files.public, restricted=files.restricted)
        again = files.public.read_bytes(), files.restricted.read_bytes()
    assert verdict.exit is Exit.PROVED, verdict
    made = {check.name: check.state for check in verdict.checks}
    assert {made[name] for name in ("steps", "hashes", "labels", "cases", "predictions", "numbers")} == {State.PROVED}
    with write_bundle(stage.evaluation) as files:
        assert again == (files.public.read_bytes(), files.restricted.read_bytes())
        alone = verify_bundle(files.public)
        changed = folder / "restricted.zip"
        content = files.restricted.read_bytes()
        at = content.index(b",0,") + 1
        changed.write_bytes(content[:at] + b"1" + content[at + 1 :])
        refuted = verify_bundle(files.public, restricted=changed)
    assert {check.name: check.state for check in alone.checks}["labels"] is State.NOT_MADE
    assert refuted.exit is Exit.REFUTED


def test_pages_tell_who_must_do_what_and_the_reveal_works_by_the_page(stage: Stage):
    on.bring_to_locked(stage)
    page = words(look_as(stage.cast.paula).get(reverse("evaluation", args=[stage.evaluation.pk])))
    assert "Revealed" in page
    assert "two custodians give their shares" in page
    assert f"{stage.evaluation.n_labels} labels are sealed" in page
    url = reverse("evaluation-reveal", args=[stage.evaluation.pk])
    assert look_as(stage.cast.paula).get(url).status_code == 403
    with on.running_scorer(stage):
        first = look_as(stage.custodians[0])
        assert "Begin the reveal" in words(first.get(url))
        first.post(reverse("evaluation-reveal-begin", args=[stage.evaluation.pk]))
        request = on.wait_for_key(stage)
        assert "0 of 2" in words(first.get(url))
        on.give(stage, stage.custodians[0], request)
        page = words(first.get(url))
        assert "1 of 2" in page
        assert "You gave your share" in page
        assert "Yours is the second share" in words(look_as(stage.custodians[1]).get(url))
        on.give(stage, stage.custodians[1], request)
        until(lambda: stage.evaluation.state == "revealed", "the scorer reveals")
    assert "Read the report" in words(first.get(url))
    take = reverse("evaluation-public", args=[stage.evaluation.pk])
    assert b"".join(look_as(stage.cast.ana).get(take).streaming_content)[:2] == b"PK"
    closed = reverse("evaluation-restricted", args=[stage.evaluation.pk])
    assert look_as(stage.cast.ana).post(closed).status_code == 403
    assert b"".join(look_as(stage.auditor).post(closed).streaming_content)[:2] == b"PK"


def swap_cases(stage: Stage) -> None:
    """Give two test participants each other's case, as only the server's root can: past guards and audit."""
    snapshot = stage.evaluation.test_snapshot
    assert snapshot is not None
    with superuser(SERVICES, connections["default"].settings_dict["NAME"]) as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SELECT token, participant_id FROM vault.dataset_row WHERE snapshot_id = %s ORDER BY token LIMIT 2",
            [snapshot.pk],
        )
        (one, ann), (other, bea) = cursor.fetchall()
        for token, person in ((one, uuid.uuid4()), (other, ann), (one, bea)):
            cursor.execute("UPDATE vault.dataset_row SET participant_id = %s WHERE token = %s", [person, token])


def test_cases_that_changed_hands_after_the_lock_are_not_opened(stage: Stage):
    on.bring_to_locked(stage)
    swap_cases(stage)
    with on.running_scorer(stage):
        request = on.begin(stage, stage.custodians[0])
        for one in stage.custodians[:2]:
            on.give(stage, one, request)
        until(lambda: on.failed(stage), "the scorer refuses")
    assert "who of them has which case, are not those of the lock's manifest" in on.failed(stage)
    assert stage.evaluation.state == "locked"
    assert not RevealedLabel.objects.using("default").exists()
    swap_cases(stage)
    on.reveal(stage)


def test_one_share_opens_nothing_and_the_same_custodian_counts_once(stage: Stage):
    on.bring_to_locked(stage)
    with on.running_scorer(stage):
        request = on.begin(stage, stage.custodians[0])
        on.give(stage, stage.custodians[0], request)
        with pytest.raises(Refused, match="you have given your share already"):
            on.give(stage, stage.custodians[0], request)
    assert stage.evaluation.state == "locked"
    assert on.sheet_of(stage) == {}


def test_a_wrong_share_is_refused_and_the_reveal_can_be_begun_again(stage: Stage):
    on.bring_to_locked(stage)
    with on.running_scorer(stage):
        request = on.begin(stage, stage.custodians[0])
        on.give(stage, stage.custodians[0], request)
        services.give_share(
            actor=stage.custodians[1],
            evaluation=stage.evaluation,
            ciphertext=bytes(176),
            one_time_key=request.one_time_key,
        )
        until(lambda: on.failed(stage), "the scorer refuses")
        assert "was changed, or was sealed to another key" in on.failed(stage)
        assert stage.evaluation.state == "locked"
        assert not RevealedLabel.objects.using("default").exists()
        again = on.begin(stage, stage.custodians[1])
        for one in stage.custodians[1:]:
            on.give(stage, one, again)
        until(lambda: stage.evaluation.state == "revealed", "any two custodians reveal")


def test_shares_given_to_a_scorer_that_was_started_anew_are_void(stage: Stage):
    on.bring_to_locked(stage)
    with on.running_scorer(stage):
        request = on.begin(stage, stage.custodians[0])
        on.give(stage, stage.custodians[0], request)
    with on.running_scorer(stage):
        fresh = on.wait_for_key(stage, other_than=request.one_time_key)
        with pytest.raises(StaleState, match="has another key"):
            on.give(stage, stage.custodians[1], request)
        on.give(stage, stage.custodians[1], fresh)
        assert stage.evaluation.state == "locked"
        on.give(stage, stage.custodians[0], fresh)
        until(lambda: stage.evaluation.state == "revealed", "both gave to the same key")


STEPS = ("check_lock", "check_entered", "open_key", "open_labels", "score", "write")
DIE_BEFORE = (
    "import os, sys, runpy; os.environ['DJANGO_SETTINGS_MODULE'] = 'portal.settings'; import django; django.setup(); "
    "import cohort.vault.reveal as reveal; "
    "setattr(reveal, sys.argv[1], lambda *a, **k: os.kill(os.getpid(), 9)); "
    "sys.argv = ['scorer']; runpy.run_module('cohort.vault.scorer', run_name='__main__')"
)
DIE_AFTER_WRITING = DIE_BEFORE.replace(
    "lambda *a, **k: os.kill(os.getpid(), 9)", "lambda *a, f=reveal.write: (f(*a), os.kill(os.getpid(), 9))"
)


@pytest.mark.fault
def test_killed_at_any_step_it_is_locked_or_revealed_and_never_between(stage: Stage):
    on.bring_to_locked(stage)
    services.begin_reveal(actor=stage.custodians[0], evaluation=stage.evaluation)
    key = ""
    for step, program in [(step, DIE_BEFORE) for step in STEPS] + [("write", DIE_AFTER_WRITING)]:
        with on.running_scorer(stage, ("-c", program, step)) as process:
            request = on.wait_for_key(stage, other_than=key)
            key = request.one_time_key
            for one in stage.custodians[:2]:
                on.give(stage, one, request)
            until(lambda process=process: process.poll() is not None, f"the scorer dies at {step}")
        assert process.returncode == -9
        assert stage.evaluation.state == "locked", step
        assert not RevealedLabel.objects.using("default").exists()
        assert on.sheet_of(stage) == {}
    with on.running_scorer(stage):
        request = on.wait_for_key(stage, other_than=key)
        for one in stage.custodians[:2]:
            on.give(stage, one, request)
        until(lambda: stage.evaluation.state == "revealed", "a scorer that lives reveals")
    assert on.sheet_of(stage)["n"] == len(stage.test_people())


@pytest.mark.fault
def test_two_scorers_at_once_make_one_result(stage: Stage):
    on.bring_to_locked(stage)
    with on.running_scorer(stage), on.running_scorer(stage):
        request = on.begin(stage, stage.custodians[0])
        for one in stage.custodians[:2]:
            on.give(stage, one, request)
        until(lambda: stage.evaluation.state == "revealed", "one of them reveals")
    done = Request.objects.using("default").filter(evaluation_id=stage.evaluation_pk, kind="reveal", state="done")
    assert done.count() == 1
    assert RevealedLabel.objects.using("default").count() == len(stage.test_people())
