"""Two people at the same moment, and errors that nobody foresaw."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections

from cohort.vault.codehash import ROOT, SOURCES, compute_code_sha256
from cohort.vault.models import GivenShare, Request
from cohort.vault.services import GIVEN_ALREADY
from modelling.blinded import services
from modelling.blinded.models import Approval, Proposal, Step, Submission
from portal.core.errors import Refused, WrongState
from portal.roles.actors import Actor
from tests.browser import until
from tests.modelling.blinded import stage as on
from tests.modelling.blinded.stage import Stage


@pytest.fixture
def stage(fresh_database: dict[str, str]) -> Stage:
    return on.set_stage(fresh_database, 10)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do several things in threads that start together; return how each ended."""
    gate, ended = threading.Barrier(len(acts)), []

    def go(one: Callable[[], object]) -> None:
        gate.wait()
        try:
            one()
            ended.append("done")
        except (Refused, WrongState) as error:
            ended.append(str(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go, args=(one,)) for one in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sorted(ended)


def test_of_two_approvals_at_once_one_does_the_step(stage: Stage):
    on.draft(stage)
    on.run_scorer_once(stage)
    proposal = services.propose(actor=stage.cast.paula, evaluation=stage.evaluation, step=Step.OPEN)

    def approve(actor: Actor) -> None:
        found = Proposal.objects.select_related("evaluation").get(pk=proposal.pk)
        services.approve(actor=actor, proposal=found, digest=found.digest)

    ended = at_once(lambda: approve(stage.cast.carl), lambda: approve(stage.cast.cora))
    assert ended == ["'open' cannot happen while 'enrolling'; possible now: 'seal', 'void'", "done"]
    assert Approval.objects.filter(proposal=proposal).count() == 1


def test_no_model_slips_in_while_the_models_are_handed_in(stage: Stage):
    on.bring_to_sealed(stage)
    on.enter(stage, "primary")
    services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    on.run_scorer_once(stage)
    proposal = services.propose(actor=stage.cast.ana, evaluation=stage.evaluation, step=Step.SUBMIT)
    late, seen = on.make_model(stage), stage.evaluation
    services.approve(actor=stage.cast.dan, proposal=proposal, digest=proposal.digest)
    with pytest.raises(WrongState, match="is submitted"):
        services.enter_model(actor=stage.cast.ana, evaluation=seen, model=late, role=Submission.Role.BASELINE)
    assert Submission.objects.count() == 1


def test_a_double_click_gives_one_share(stage: Stage):
    on.bring_to_locked(stage)
    with on.running_scorer(stage):
        request = on.begin(stage, stage.custodians[0])
    ended = at_once(*[lambda: on.give(stage, stage.custodians[0], request)] * 2)
    assert ended == ["done", GIVEN_ALREADY]
    assert GivenShare.objects.using("default").count() == 1


OTHER_CODE = (
    "import os, runpy, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'portal.settings'; import django; django.setup(); "
    "import cohort.vault.reveal as reveal; reveal.compute_code_sha256 = lambda: 'f' * 64; sys.argv = ['scorer']; "
    "runpy.run_module('cohort.vault.scorer', run_name='__main__')"
)


def test_other_code_than_the_locked_one_opens_nothing(stage: Stage):
    on.bring_to_locked(stage)
    with on.running_scorer(stage, ("-c", OTHER_CODE)):
        request = on.begin(stage, stage.custodians[0])
        for one in stage.custodians[:2]:
            on.give(stage, one, request)
        until(lambda: on.failed(stage), "the scorer refuses")
    bound = json.loads(stage.evaluation.manifest)["code_sha256"]
    assert bound == compute_code_sha256()
    assert on.failed(stage).startswith(f"the lock binds the scoring code of SHA-256 {bound}, and {'f' * 64} would run")
    assert stage.evaluation.state == "locked"


def test_everything_that_scores_is_in_the_digest_of_the_code(tmp_path: Path):
    for source in SOURCES:
        assert (ROOT / source).exists(), source
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.py").write_text("a = 1")
    (tmp_path / "single.py").write_text("b = 1")
    before = compute_code_sha256(tmp_path, ("folder", "single.py"))
    (tmp_path / "single.py").write_text("b = 2")
    assert compute_code_sha256(tmp_path, ("folder", "single.py")) != before


NO_SHEET = (
    "import os, runpy, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'portal.settings'; import django; django.setup(); "
    "import cohort.vault.serving as serving\n"
    "def fail(*a, **k): raise KeyError('SECRETLABEL')\n"
    "serving.throw_labels = fail; sys.argv = ['scorer']; "
    "runpy.run_module('cohort.vault.scorer', run_name='__main__')"
)


def test_an_error_nobody_foresaw_ends_its_own_request_and_no_other(stage: Stage):
    on.bring_to_sealed(stage)
    on.enter(stage, "primary")
    services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    broken = stage.evaluation_pk
    on.draft(stage)
    of = Request.objects.using("default")
    with on.running_scorer(stage, ("-c", NO_SHEET)) as process:
        until(lambda: of.filter(evaluation_id=stage.evaluation_pk, state="done").exists(), "the other one is answered")
        until(lambda: of.filter(evaluation_id=broken, state="failed").exists(), "the broken one is told of")
        assert process.poll() is None
    told = of.get(evaluation_id=broken, state="failed").told
    assert told == "an error of the portal (KeyError); see the scorer's log, then begin again"
