"""Every refusal of the services, in an evaluation on its way to the lock."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import psycopg
import pytest
from django.db import DatabaseError, transaction

from cohort.labels.rules import Label
from cohort.vault.models import CustodyKey, Request
from cohort.vault.seal import FROM_FOREARM
from cohort.vault.services import register_custody_key
from modelling.blinded import effects, manifests, services
from modelling.blinded.manifests import list_missing
from modelling.blinded.models import Approval, Evaluation, Proposal, Step
from modelling.blinded.parts import list_protocol
from modelling.blinded.protocol import DEFAULTS, Typed
from portal.audit.context import act, name_subject
from portal.core.errors import NotAllowed, Refused, StaleState, WrongState
from portal.roles.actors import SETUP
from portal.roles.middleware import actor_of
from portal.roles.models import Membership, Role
from tests.cast import LONG_AGO, hands
from tests.modelling.blinded import stage as on
from tests.modelling.blinded.stage import Stage


@pytest.fixture
def stage(fresh_database: dict[str, str]) -> Stage:
    return on.set_stage(fresh_database, 10)


def test_a_protocol_with_a_hole_is_refused():
    with pytest.raises(ValueError, match="question is empty"):
        Typed(question="", max_models=3, seed=7, **DEFAULTS)
    with pytest.raises(ValueError, match="from 1 to 10 models"):
        Typed(question="?", max_models=0, seed=7, **DEFAULTS)


def test_only_the_principal_investigator_drafts(stage: Stage):
    with pytest.raises(NotAllowed, match=r"evaluation\.draft"):
        services.draft_evaluation(actor=stage.cast.ana, study=stage.cast.study, task=on.TASK, title="x", typed=on.TYPED)
    with pytest.raises(Refused, match="no label rule for 'EAT'"):
        services.draft_evaluation(actor=stage.cast.paula, study=stage.cast.study, task="EAT", title="x", typed=on.TYPED)


def test_custodians_are_three_different_people_chosen_once(stage: Stage):
    paula = stage.cast.paula
    evaluation = services.draft_evaluation(actor=paula, study=stage.cast.study, task=on.TASK, title="x", typed=on.TYPED)
    keys = list(CustodyKey.objects.all())
    with pytest.raises(Refused, match="3 different custodians are wanted, found 2"):
        services.choose_custodians(actor=paula, evaluation=evaluation, keys=keys[:2])
    with pytest.raises(NotAllowed):
        services.choose_custodians(actor=stage.cast.ana, evaluation=evaluation, keys=keys)
    register_custody_key(actor=stage.cast.carl, public_key="ab" * 32)
    stale = list(CustodyKey.objects.all())[:3]
    with pytest.raises(Refused, match="retired"):
        services.choose_custodians(actor=paula, evaluation=evaluation, keys=stale)
    fresh = list(CustodyKey.objects.filter(retired_at=None))
    services.choose_custodians(actor=paula, evaluation=evaluation, keys=fresh)
    with pytest.raises(Refused, match="chosen already"):
        services.choose_custodians(actor=paula, evaluation=evaluation, keys=fresh)


def test_who_leads_the_study_or_keeps_its_data_is_no_custodian_but_in_a_small_team(stage: Stage):
    paula = stage.cast.paula
    evaluation = services.draft_evaluation(actor=paula, study=stage.cast.study, task=on.TASK, title="x", typed=on.TYPED)
    with act(SETUP, "house.set_up"):
        Membership.objects.create(user=stage.cast.user(stage.cast.cora), role=Role.DATA_MANAGER, starts_on=LONG_AGO)
    keys = list(CustodyKey.objects.all())
    with pytest.raises(Refused, match="a data manager holds no share, except in a small team"):
        services.choose_custodians(actor=paula, evaluation=evaluation, keys=keys)
    evaluation.study.small_team = True
    services.choose_custodians(actor=paula, evaluation=evaluation, keys=keys)
    assert len(Evaluation.objects.get(pk=evaluation.pk).custody_keys) == 3


def test_a_key_is_registered_once_and_is_one(stage: Stage):
    with pytest.raises(Refused, match="64 hexadecimal digits"):
        register_custody_key(actor=stage.cast.carl, public_key="XY" * 32)
    taken = CustodyKey.objects.first().public_key
    with pytest.raises(Refused, match="registered already"):
        register_custody_key(actor=stage.cast.carl, public_key=taken)
    with pytest.raises(NotAllowed):
        register_custody_key(actor=stage.cast.ana, public_key="ab" * 32)


def make_proposal(stage: Stage) -> Proposal:
    """Propose the opening."""
    on.draft(stage)
    on.run_scorer_once(stage)
    return services.propose(actor=stage.cast.paula, evaluation=stage.evaluation, step=Step.OPEN)


def test_a_step_is_not_proposed_before_its_time_or_by_another(stage: Stage):
    on.draft(stage)
    with pytest.raises(Refused, match="has not made the sealing key yet"):
        services.propose(actor=stage.cast.paula, evaluation=stage.evaluation, step=Step.OPEN)
    with pytest.raises(NotAllowed):
        services.propose(actor=stage.cast.dan, evaluation=stage.evaluation, step=Step.OPEN)
    with pytest.raises(WrongState, match="'lock' cannot happen while 'draft'"):
        services.propose(actor=stage.cast.paula, evaluation=stage.evaluation, step=Step.LOCK)


def test_who_proposed_cannot_approve_even_with_both_roles(stage: Stage):
    proposal = make_proposal(stage)
    with pytest.raises(NotAllowed):
        services.approve(actor=stage.cast.paula, proposal=proposal, digest=proposal.digest)
    with act(SETUP, "house.set_up"):
        user = stage.cast.user(stage.cast.paula)
        Membership.objects.create(user=user, role=Role.CUSTODIAN, starts_on=LONG_AGO)
    with pytest.raises(Refused, match="who proposed cannot approve"):
        services.approve(actor=actor_of(user), proposal=proposal, digest=proposal.digest)


def test_somebody_whose_link_the_proposer_made_counts_as_the_proposer(stage: Stage):
    proposal = make_proposal(stage)
    with act(stage.cast.paula, "person.invite"):
        name_subject(f"user:{stage.cast.carl.user_pk}")
    with pytest.raises(Refused, match="count as one person"):
        services.approve(actor=stage.cast.carl, proposal=proposal, digest=proposal.digest)
    services.approve(actor=stage.cast.cora, proposal=proposal, digest=proposal.digest)


def test_another_digest_or_a_lapsed_proposal_approves_nothing(stage: Stage):
    proposal = make_proposal(stage)
    with pytest.raises(StaleState, match="has changed since it was proposed"):
        services.approve(actor=stage.cast.carl, proposal=proposal, digest="0" * 64)
    proposal.expires_at = proposal.proposed_at - timedelta(seconds=1)
    with pytest.raises(Refused, match="lapsed after 72 hours"):
        services.approve(actor=stage.cast.carl, proposal=proposal, digest=proposal.digest)


def test_a_proposal_is_made_once_and_approved_once(stage: Stage):
    proposal = make_proposal(stage)
    with pytest.raises(Refused, match="proposed already"):
        services.propose(actor=stage.cast.paula, evaluation=stage.evaluation, step=Step.OPEN)
    services.approve(actor=stage.cast.carl, proposal=proposal, digest=proposal.digest)
    with pytest.raises(WrongState, match="'open' cannot happen while 'enrolling'"):
        services.approve(actor=stage.cast.cora, proposal=Proposal.objects.get(), digest=proposal.digest)
    assert Approval.objects.count() == 1


def test_after_the_opening_protocol_and_custodians_stay(stage: Stage):
    on.bring_to_enrolling(stage)
    for change in ({"protocol_sha256": "0" * 64}, {"title": "y"}, {"custody_keys": []}, {"public_key": "0" * 64}):
        with hands(stage.cast.paula), pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            Evaluation.objects.filter(pk=stage.evaluation_pk).update(**change)


def test_labels_are_not_sealed_where_nobody_has_one(stage: Stage):
    on.bring_to_enrolling(stage)
    proposal = services.propose(actor=stage.cast.dan, evaluation=stage.evaluation, step=Step.SEAL)
    with pytest.raises(Refused, match="no test participant has a label yet"):
        services.approve(actor=stage.cast.carl, proposal=proposal, digest=proposal.digest)
    assert stage.evaluation.state == "enrolling"


def test_models_are_entered_while_sealed_alone_whatever_an_older_copy_says(stage: Stage):
    on.bring_to_enrolling(stage)
    model = on.make_model(stage)
    with pytest.raises(WrongState, match="while an evaluation is sealed"):
        services.enter_model(actor=stage.cast.ana, evaluation=stage.evaluation, model=model, role="primary")
    evaluation = stage.evaluation
    evaluation.state = "sealed"
    with pytest.raises(WrongState, match="is enrolling"):
        services.enter_model(actor=stage.cast.ana, evaluation=evaluation, model=model, role="primary")


def test_what_may_not_be_entered(stage: Stage):
    on.bring_to_sealed(stage)
    other = on.make_model(stage)
    other.task = "OP_WHO"
    with pytest.raises(Refused, match="another study, task or origin"):
        services.enter_model(actor=stage.cast.ana, evaluation=stage.evaluation, model=other, role="primary")
    seer = on.make_model(stage)
    seer.answers_from = "all"
    with pytest.raises(Refused, match="learned from images and does not answer from a radiograph alone"):
        services.enter_model(actor=stage.cast.ana, evaluation=stage.evaluation, model=seer, role="primary")
    first = on.enter(stage, "primary")
    with pytest.raises(Refused, match="entered already"):
        services.enter_model(
            actor=stage.cast.ana, evaluation=stage.evaluation, model=first.model_version, role="baseline"
        )
    with pytest.raises(Refused, match="a primary model is entered already"):
        services.enter_model(
            actor=stage.cast.ana, evaluation=stage.evaluation, model=on.make_model(stage), role="primary"
        )
    with pytest.raises(NotAllowed):
        services.enter_model(
            actor=stage.cast.carl, evaluation=stage.evaluation, model=on.make_model(stage), role="baseline"
        )
    first.refresh_from_db()
    with pytest.raises(Refused, match="predictions are in already"):
        services.predict_again(actor=stage.cast.ana, submission=first)
    with pytest.raises(Refused, match="the scorer has not checked and rehearsed"):
        services.propose(actor=stage.cast.ana, evaluation=stage.evaluation, step=Step.SUBMIT)
    for _ in range(2):
        on.enter(stage, "baseline")
    with pytest.raises(Refused, match="the protocol allows 3 models"):
        services.enter_model(
            actor=stage.cast.ana, evaluation=stage.evaluation, model=on.make_model(stage), role="baseline"
        )


def test_a_rehearsal_wants_a_primary_model_and_all_predictions(stage: Stage):
    on.bring_to_sealed(stage)
    with pytest.raises(Refused, match="every model must have its predictions"):
        services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    on.enter(stage, "baseline")
    with pytest.raises(Refused, match="entered as the primary one"):
        services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    with pytest.raises(NotAllowed):
        services.ask_for_rehearsal(actor=stage.cast.paula, evaluation=stage.evaluation)


def refuse_rehearsal(stage: Stage) -> str:
    """Ask for a rehearsal and return why the scorer refused it."""
    services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    with pytest.raises(AssertionError):
        on.run_scorer_once(stage)
    return Request.objects.using("default").get(kind="rehearse", state="failed").told


def test_a_model_that_learned_from_a_test_participant_is_found_out(stage: Stage):
    on.bring_to_sealed(stage)
    on.enter(stage, "primary", model=on.make_model(stage, list(stage.truth)))
    assert refuse_rehearsal(stage) == "somebody a model learned from is among the test participants"


@pytest.mark.parametrize("row", ["", "\n" + "f" * 32 + ",0.5,,"])
def test_predictions_for_too_few_or_unknown_cases_are_found_out(stage: Stage, row: str):
    on.bring_to_sealed(stage)
    whole = on.write_predictions(stage, {}).decode().rstrip("\n")
    content = (whole + row) if row else whole.rpartition("\n")[0]
    on.enter(stage, "primary", content=(content + "\n").encode())
    assert "exactly one row for each case" in refuse_rehearsal(stage)


def test_a_test_set_is_evaluated_once_at_a_time(stage: Stage):
    on.bring_to_enrolling(stage)
    first = stage.evaluation_pk
    on.draft(stage)
    on.run_scorer_once(stage)
    with pytest.raises(DatabaseError, match="evaluation_one_under_way"):
        stage.agree(Step.OPEN, stage.cast.paula, stage.cast.carl)
    assert stage.evaluation_pk != first


def test_a_further_look_was_planned_before_the_first_and_shares_its_error(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(on, "TYPED", replace(on.TYPED, looks=2))
    first = on.draft(stage)
    assert first.protocol["scoring"]["level"] == 0.975
    monkeypatch.setattr(services, "list_opened", lambda study, task: [first])
    monkeypatch.setattr(on, "TYPED", replace(on.TYPED, looks=5))
    second = on.draft(stage)
    assert (second.look, second.protocol["look"], second.protocol["looks"]) == (2, 2, 2)
    assert ("Opening of this test set", "2 of 2; each interval holds 97.5 %") in list_protocol(second)
    monkeypatch.setattr(services, "list_opened", lambda study, task: [first, second])
    with pytest.raises(Refused, match=r"is spent: its protocol planned 2 opening\(s\), and it was opened 2 time"):
        on.draft(stage)


def test_a_draft_from_before_the_test_set_was_opened_is_not_opened_itself(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    evaluation = on.draft(stage)
    on.run_scorer_once(stage)
    assert list_missing(stage.evaluation, Step.OPEN) == []
    monkeypatch.setattr(manifests, "list_opened", lambda study, task: [evaluation])
    with pytest.raises(Refused, match="this test set was opened since this was drafted"):
        services.propose(actor=stage.cast.paula, evaluation=stage.evaluation, step=Step.OPEN)


@pytest.mark.parametrize("looks", [0, 6])
def test_looks_are_one_to_five(looks: int):
    with pytest.raises(ValueError, match=f"opened from 1 to 5 times, found {looks}"):
        replace(on.TYPED, looks=looks)


def test_a_label_made_from_the_forearms_own_dxa_is_not_sealed_and_counted(stage: Stage):
    on.bring_to_enrolling(stage)
    first, *others = stage.test_people()
    labels = {pk: Label(1, from_forearm=pk == first) for pk in stage.test_people()}
    with patch.object(effects, "label_participants", lambda study, task, alias: labels):
        stage.agree(Step.SEAL, stage.cast.dan, stage.cast.carl)
    assert stage.evaluation.n_labels == len(others)
    with psycopg.connect(stage.environment["DATABASE_URL_SCORER"]) as connection:
        [(excluded,)] = connection.execute("SELECT exclusions FROM vault.label_batch").fetchall()
    assert excluded == {FROM_FOREARM: 1}


def test_reveals_and_shares_belong_to_a_locked_evaluation_and_to_custodians(stage: Stage):
    on.bring_to_sealed(stage)
    with pytest.raises(WrongState, match="only a locked evaluation"):
        services.begin_reveal(actor=stage.cast.carl, evaluation=stage.evaluation)
    with pytest.raises(WrongState, match="only a locked evaluation"):
        services.give_share(
            actor=stage.cast.carl, evaluation=stage.evaluation, ciphertext=bytes(176), one_time_key="0" * 64
        )
    with pytest.raises(NotAllowed):
        services.begin_reveal(actor=stage.cast.ana, evaluation=stage.evaluation)
