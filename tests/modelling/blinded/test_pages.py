"""The pages before the lock: what they offer to whom, what they refuse, and what they never tell."""

from typing import Any

import pytest
from django.urls import reverse

from cohort.vault.models import CustodyKey
from modelling.blinded import services
from modelling.blinded.access import find_open_proposal
from modelling.blinded.models import Evaluation, Step, Submission
from modelling.blinded.protocol import DEFAULTS
from modelling.blinded.waiting import list_waiting_for
from portal.core.errors import Refused
from portal.jobs.services import cancel_job
from portal.roles.actors import Actor
from tests.cohort.pages import look_as, read, words
from tests.modelling.blinded import stage as on
from tests.modelling.blinded.stage import Stage


@pytest.fixture
def stage(fresh_database: dict[str, str]) -> Stage:
    return on.set_stage(fresh_database, 10)


def retype(actor: Actor, url: str, digest: str, **how: Any) -> Any:
    return look_as(actor, **how).post(url, {"retyped": digest[:8]})


def test_from_an_empty_list_to_an_open_evaluation(stage: Stage):
    paula, carl = stage.cast.paula, stage.cast.carl
    assert "No evaluation was drafted yet." in words(look_as(paula).get(reverse("evaluations")))
    typed = {
        "study": stage.cast.study.pk,
        "task": on.TASK,
        "title": "Past fracture",
        "question": "Does it separate them?",
        "max_models": 3,
        "looks": 1,
        "seed": 7,
        **DEFAULTS,
    }
    page = look_as(paula).get(reverse("evaluation-new"))
    assert DEFAULTS["population"] in words(page)
    assert look_as(paula).post(reverse("evaluation-new"), typed).status_code == 302
    evaluation = Evaluation.objects.get()
    stage.evaluation_pk = evaluation.pk
    chosen = {"keys": [str(one.pk) for one in CustodyKey.objects.all()]}
    assert look_as(paula).post(reverse("evaluation-custodians", args=[evaluation.pk]), chosen).status_code == 302
    url = reverse("evaluation-step", args=[evaluation.pk, "open"])
    assert "The scorer has not made the sealing key yet." in words(look_as(paula).get(url))
    on.run_scorer_once(stage)
    digest = read(look_as(paula).get(url)).split('id="digest" value="')[1][:64]
    assert retype(paula, url, "00000000").status_code == 422
    assert retype(paula, url, digest).status_code == 302
    assert "waits for the second person" in words(look_as(paula).get(url))
    assert ["approval is wanted" in one.sentence for one in list_waiting_for(carl)] == [True]
    assert "Paula Principal proposed it" in words(look_as(carl).get(url))
    assert retype(carl, url, digest).status_code == 302
    assert stage.evaluation.state == "enrolling"
    page = words(look_as(carl).get(reverse("evaluation", args=[evaluation.pk])))
    assert "Paula Principal and Carl Custodian" in page


def test_a_grave_step_wants_a_fresh_sign_in(stage: Stage):
    on.draft(stage)
    url = reverse("evaluation-step", args=[stage.evaluation.pk, "open"])
    response = look_as(stage.cast.paula, fresh=False).get(url)
    assert response["Location"].startswith(reverse("account_reauthenticate"))


def test_a_stranger_finds_no_evaluation_and_a_nurse_may_not_look(stage: Stage):
    on.draft(stage)
    url = reverse("evaluation", args=[stage.evaluation.pk])
    assert look_as(stage.cast.ana).get(url).status_code == 200
    assert look_as(stage.cast.nora).get(url).status_code == 403
    unknown = reverse("evaluation", args=[stage.cast.study.pk])
    assert look_as(stage.cast.ana).get(unknown).status_code == 404


@pytest.mark.parametrize("name", ["evaluation-public", "report"])
def test_nothing_is_handed_out_before_the_reveal(stage: Stage, name: str):
    on.bring_to_sealed(stage)
    assert look_as(stage.cast.ana).get(reverse(name, args=[stage.evaluation.pk])).status_code in {404, 422}


def test_steps_are_offered_to_those_who_may_and_to_nobody_else(stage: Stage):
    on.draft(stage)
    page = reverse("evaluation", args=[stage.evaluation.pk])
    assert "Propose: open the evaluation" in words(look_as(stage.cast.paula).get(page))
    assert "Nothing of this is yours to do now." in words(look_as(stage.cast.ana).get(page))
    url = reverse("evaluation-step", args=[stage.evaluation.pk, "open"])
    assert look_as(stage.cast.ana).get(url).status_code == 403
    assert (
        look_as(stage.cast.paula).get(reverse("evaluation-step", args=[stage.evaluation.pk, "lock"])).status_code == 409
    )
    assert (
        look_as(stage.cast.paula).get(reverse("evaluation-step", args=[stage.evaluation.pk, "eat"])).status_code == 404
    )


def count_main_buttons(stage: Stage) -> dict[str, int]:
    """Return how many main buttons each of those who take part is shown on the evaluation's page."""
    url = reverse("evaluation", args=[stage.evaluation.pk])
    cast = stage.cast
    people = {"paula": cast.paula, "ana": cast.ana, "dan": cast.dan, "carl": cast.carl, "otto": stage.auditor}
    return {name: main_of(read(look_as(one).get(url))).count("button-main") for name, one in people.items()}


def main_of(page: str) -> str:
    """Return the page's own part: the frame around it has buttons of its own."""
    return page.partition("<main")[2].partition("</main>")[0]


def test_a_page_has_one_main_button_for_whom_it_waits_and_never_two(stage: Stage):
    on.draft(stage)
    assert count_main_buttons(stage) == dict.fromkeys(("paula", "ana", "dan", "carl", "otto"), 0)
    on.run_scorer_once(stage)
    assert count_main_buttons(stage)["paula"] == 1
    stage.agree(Step.OPEN, stage.cast.paula, stage.cast.carl)
    assert count_main_buttons(stage)["dan"] == 1


def test_a_sealed_evaluation_has_one_main_button_at_each_turn(stage: Stage):
    on.bring_to_sealed(stage)
    assert count_main_buttons(stage)["ana"] == 1, "enter a model"
    on.enter(stage, Submission.Role.PRIMARY)
    assert count_main_buttons(stage)["ana"] == 1, "have it rehearsed"
    services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    on.run_scorer_once(stage)
    page = main_of(read(look_as(stage.cast.ana).get(reverse("evaluation", args=[stage.evaluation.pk]))))
    assert page.count("button-main") == 1
    assert "Enter a model" in page
    stage.agree(Step.SUBMIT, stage.cast.ana, stage.cast.dan)
    stage.agree(Step.LOCK, stage.cast.paula, stage.cast.cora)
    assert count_main_buttons(stage) == {"paula": 0, "ana": 0, "dan": 0, "carl": 1, "otto": 0}


def test_a_prediction_that_was_stopped_is_made_again_by_the_page(stage: Stage):
    on.bring_to_sealed(stage)
    entered = services.enter_model(
        actor=stage.cast.ana, evaluation=stage.evaluation, model=on.make_model(stage), role=Submission.Role.PRIMARY
    )
    page = reverse("evaluation", args=[stage.evaluation.pk])
    again = reverse("evaluation-again", args=[stage.evaluation.pk, entered.pk])
    assert again not in read(look_as(stage.cast.ana).get(page))
    with pytest.raises(Refused, match="its prediction is waiting"):
        services.predict_again(actor=stage.cast.ana, submission=entered)
    cancel_job(actor=stage.cast.ana, job=entered.job)
    assert again in read(look_as(stage.cast.ana).get(page))
    assert again not in read(look_as(stage.cast.paula).get(page))
    assert look_as(stage.cast.ana).post(again).status_code == 302
    entered.refresh_from_db()
    assert entered.job.state == "queued"
    assert again not in read(look_as(stage.cast.ana).get(page))


def test_the_page_of_custody_makes_no_key_on_the_server(stage: Stage):
    page = read(look_as(stage.cast.carl).get(reverse("custody")))
    assert "data-make-card" in page
    assert "Make a demo card" not in page
    assert look_as(stage.cast.carl).post(reverse("custody-demo")).status_code == 422
    sent = {"public_key": "ab" * 32, "kept": "on"}
    assert look_as(stage.cast.carl).post(reverse("custody"), {"public_key": "ab" * 32}).status_code == 422
    assert look_as(stage.cast.carl).post(reverse("custody"), sent).status_code == 302
    assert look_as(stage.cast.paula).post(reverse("custody"), {**sent, "public_key": "cd" * 32}).status_code == 403


def test_who_can_know_what_names_its_limits(stage: Stage):
    page = words(look_as(stage.cast.nora).get(reverse("who-can-know")))
    assert "Labels of test participants" in page
    assert "Two custodians who act together" in page


def test_an_evaluation_that_is_voided_stays_void_and_is_listed(stage: Stage):
    on.bring_to_enrolling(stage)
    stage.agree(Step.VOID, stage.cast.dan, stage.cast.cora)
    assert stage.evaluation.state == "void"
    page = words(look_as(stage.cast.ana).get(reverse("evaluations")))
    assert "nothing: it has ended" in page
    assert find_open_proposal(stage.evaluation, Step.VOID) is None
