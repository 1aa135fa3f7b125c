"""Rules that need an outcome field: what they say, who may read for them, and that the lock binds them like models."""

from collections.abc import Sequence
from decimal import Decimal
from unittest.mock import patch

import psycopg
import pytest
from django.urls import reverse

from cohort.participants.models import Visit
from cohort.vault import baselines as made_by_scorer
from modelling.blinded import services
from modelling.blinded.baselines import (
    BASELINES,
    BY_KEY,
    choose_baselines,
    fill_gaps,
    place_of_t,
    read_frax,
    read_frax_without_bmd,
    read_lowest_t,
    read_neck_t,
)
from modelling.blinded.export import write_bundle
from modelling.blinded.models import Step
from modelling.engine.training.admissible import FX_FRAG, FX_INC, FX_WRIST_PAST, OP_WHO
from modelling.engine.verify import Exit, verify_bundle
from portal.audit.context import joined
from tests.cast import hands
from tests.cohort.datasets.people import add_outcome
from tests.cohort.pages import look_as, words
from tests.modelling.blinded import stage as on
from tests.modelling.blinded.stage import Stage


def dxa(**t_scores: float) -> list[dict[str, object]]:
    return [{"dxa_roi": region, "dxa_t": value} for region, value in t_scores.items()]


def test_the_lowest_of_spine_hip_and_neck_counts_and_the_radius_does_not():
    rows = dxa(LS_L1L4=-1.2, FN_L=-1.9, TH_L=-1.4, R_33=-3.3)
    assert read_lowest_t(rows) == place_of_t(Decimal("-1.9"))
    assert read_neck_t(rows) == place_of_t(Decimal("-1.9"))


def test_a_region_the_reader_left_out_does_not_count():
    rows = [*dxa(TH_L=-1.0), {"dxa_roi": "FN_L", "dxa_t": -3.0, "dxa_excl": "3"}]
    assert read_lowest_t(rows) == place_of_t(Decimal("-1.0"))
    assert read_neck_t(rows) is None


def test_a_spine_of_one_vertebra_does_not_count():
    rows = [*dxa(LS_L1L4=-3.0, FN_R=-0.5, LS_L1=-3.0), {"dxa_roi": "LS_L2", "dxa_t": -2.0, "dxa_excl": "1"}]
    assert read_lowest_t(rows) == place_of_t(Decimal("-0.5"))


def test_no_report_gives_no_place():
    assert read_lowest_t([]) is None
    assert read_neck_t(dxa(LS_L1L4=-3.0)) is None


@pytest.mark.parametrize(("t_score", "is_positive"), [("-2.4", False), ("-2.5", True), ("-2.6", True)])
def test_the_t_rule_calls_positive_at_minus_two_and_a_half(t_score: str, is_positive: bool):
    assert (place_of_t(Decimal(t_score)) >= (BY_KEY["T_RULE"].threshold or 9)) is is_positive


def test_a_place_runs_from_0_to_1_and_a_lower_t_is_higher():
    assert [place_of_t(Decimal(t)) for t in (7, 6, -1, -8, -9)] == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_frax_is_taken_as_entered_and_never_computed():
    rows: list[dict[str, object]] = [
        {"rsk_tool": "QFracture", "rsk_mof10": 30.0},
        {"rsk_tool": "FRAX", "rsk_bmd": "0", "rsk_mof10": 11.0},
        {"rsk_tool": "FRAX", "rsk_bmd": "1", "rsk_mof10": 14.5},
    ]
    assert (read_frax(rows), read_frax(rows[:2]), read_frax(rows[:1])) == (0.145, 0.11, None)
    assert (read_frax_without_bmd(rows), read_frax_without_bmd(rows[2:])) == (0.11, None)


def test_who_has_no_value_gets_the_median_of_those_who_have_one():
    assert fill_gaps({"a": 0.2, "b": 0.4, "c": 0.9, "d": None}) == {"a": 0.2, "b": 0.4, "c": 0.9, "d": 0.4}
    assert fill_gaps({"a": 0.2, "b": None}) == {"a": 0.2, "b": 0.2}


@pytest.mark.parametrize("places", [{}, {"a": None}, {"a": 0.2, "b": None, "c": None}])
def test_a_rule_that_fewer_than_half_have_is_not_scored(places: dict[str, float | None]):
    assert fill_gaps(places) is None


@pytest.mark.parametrize("task", [OP_WHO, FX_FRAG, FX_INC, FX_WRIST_PAST])
@pytest.mark.parametrize("opened", [(), (OP_WHO,), (OP_WHO, FX_FRAG)])
def test_each_rule_is_scored_or_left_out_with_a_reason(task: str, opened: Sequence[str]):
    found = choose_baselines(task, opened)
    assert sorted(one["name"] for part in found.values() for one in part) == sorted(one.name for one in BASELINES)
    assert all(one["why"] for one in found["left_out"])


def test_a_rule_made_of_the_label_is_left_out():
    left_out = {one["name"]: one["why"] for one in choose_baselines(OP_WHO, (OP_WHO, FX_FRAG))["left_out"]}
    assert left_out["T-score rule"] == "the label is made from the same values"
    assert [one["key"] for one in choose_baselines(OP_WHO, (FX_FRAG,))["rules"]] == ["FRAX_NO_BMD"]


def test_a_rule_waits_for_the_reveal_of_the_task_whose_label_it_would_tell():
    closed, opened = choose_baselines(FX_FRAG, ()), choose_baselines(FX_FRAG, (OP_WHO,))
    assert closed["rules"] == []
    assert "its values tell labels of OP_WHO, which nobody has revealed in this study" in [
        one["why"] for one in closed["left_out"]
    ]
    assert [one["key"] for one in opened["rules"]] == ["T_RULE", "NECK_BMD"]


def test_risks_of_a_rehearsal_are_spread_evenly_and_hang_on_no_value():
    rule = made_by_scorer.Ruled(on.uuid.uuid4(), {}, lambda people: None)
    thrown = made_by_scorer.throw_risks("seed", rule, ["b", "a"])
    assert sorted(thrown.values()) == [0.25, 0.75]
    assert thrown == made_by_scorer.throw_risks("seed", rule, ["a", "b"])


@pytest.fixture
def stage(fresh_database: dict[str, str]) -> Stage:
    """Everybody with a DXA report but one test participant; osteoporosis was revealed before."""
    stage = on.set_stage(fresh_database, 20)
    without = stage.test_people()[0]
    with hands(stage.cast.nora), joined("clinical"):
        for person in on.people_of(stage):
            visit = Visit.objects.get(participant=person, code="BL")
            add_outcome(person, visit, "fxh", {"fxh_any": str(stage.truth[person.pk])}, 1)
            if person.pk != without:
                t_score = -2.5 if stage.truth[person.pk] else -2.4
                add_outcome(person, visit, "dxa", {"dxa_roi": "FN_L", "dxa_t": t_score}, 1)
    return stage


def bring_to_sealed(stage: Stage) -> None:
    with patch.object(services, "list_opened_tasks", lambda study: frozenset({OP_WHO})):
        on.bring_to_sealed(stage)


def rows_the_scorer_sees(stage: Stage) -> list[tuple[str, str]]:
    """Return (form, participant) of the closed schema, asked as the scorer's role."""
    with psycopg.connect(stage.environment["DATABASE_URL_SCORER"]) as connection:
        found = connection.execute("SELECT form, participant_id::text FROM outcome.record").fetchall()
        return [(str(form), str(person)) for form, person in found]


def test_a_rule_is_scored_beside_the_models_and_the_bundle_proves_it(stage: Stage):
    test = {str(pk) for pk in stage.test_people()}
    assert rows_the_scorer_sees(stage) == [], "no evaluation is sealed yet"
    bring_to_sealed(stage)
    seen = rows_the_scorer_sees(stage)
    assert {form for form, _ in seen} == {"dxa"}
    assert {person for _, person in seen} < test
    on.enter(stage, "primary", {pk: 0.9 if stage.truth[pk] else 0.1 for pk in stage.truth})
    services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    on.run_scorer_once(stage)
    rehearsed = services_rehearsal(stage)
    assert [one["name"] for one in rehearsed["models"]] == ["Model 1", "T-score rule", "Femoral-neck BMD"]
    thrown = rehearsed["models"][1]["risks"]
    assert sorted(thrown["with"] + thrown["without"]) == pytest.approx(
        [(i + 0.5) / len(test) for i in range(len(test))]
    )
    stage.agree(Step.SUBMIT, stage.cast.ana, stage.cast.dan)
    stage.agree(Step.LOCK, stage.cast.paula, stage.cast.cora)
    assert rows_the_scorer_sees(stage) == [], "from the lock on the scorer reads no outcome"
    on.reveal(stage)
    check_sheet(stage)
    with write_bundle(stage.evaluation) as files:
        assert verify_bundle(files.public, restricted=files.restricted).exit is Exit.PROVED
    page = words(look_as(stage.cast.paula).get(reverse("report", args=[stage.evaluation.pk])))
    assert "T-score rule" in page
    assert "FRAX asks for past fractures, which are what is to be predicted" in page
    assert "not a probability" in page


def services_rehearsal(stage: Stage) -> dict[str, on.Any]:
    page = look_as(stage.cast.paula).get(reverse("evaluation", args=[stage.evaluation.pk]))
    assert "T-score rule: positive at T -2.5 or below" in words(page)
    found: dict[str, on.Any] = on.json.loads(on.Request.objects.using("default").get(kind="rehearse").result["sheet"])
    return found


def check_sheet(stage: Stage) -> None:
    """The rule's numbers by hand: one of each kind is told apart, and who has no report lies at the median."""
    sheet = on.sheet_of(stage)
    rule = next(one for one in sheet["models"] if one["model_version"] == "T_RULE")
    assert (rule["role"], rule["weights_sha256"]) == ("baseline", "")
    places = {round(place_of_t(Decimal(t)), 9) for t in ("-2.5", "-2.4")}
    assert {round(risk, 9) for kind in rule["risks"].values() for risk in kind} == places
    positive = rule["confusion"]["tp"] + rule["confusion"]["fp"]
    high = round(place_of_t(Decimal("-2.5")), 9)
    assert positive == sum(round(risk, 9) >= high for kind in rule["risks"].values() for risk in kind)
    assert sheet["comparisons"][0]["b"] == "T_RULE"
    assert "T-score rule" in [one["name"] for one in sheet["inputs"]["baselines"]["rules"]]


def test_a_rule_too_few_have_is_named_and_not_scored(fresh_database: dict[str, str]):
    stage = on.set_stage(fresh_database, 20)
    bring_to_sealed(stage)
    on.enter(stage, "primary")
    services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=stage.evaluation)
    on.run_scorer_once(stage)
    result = on.Request.objects.using("default").get(kind="rehearse").result
    assert result["rules"] == []
    assert result["rules_wanting"] == ["T-score rule", "Femoral-neck BMD"]
    told = on.json.loads(result["sheet"])["inputs"]["baselines"]
    assert told["rules"] == []
    assert "fewer than half of the test participants have its value" in [one["why"] for one in told["left_out"]]


def test_the_scorer_writes_no_prediction_in_a_models_place(stage: Stage):
    bring_to_sealed(stage)
    submission = services.enter_model(
        actor=stage.cast.ana, evaluation=stage.evaluation, model=on.make_model(stage), role="primary"
    )
    with psycopg.connect(stage.environment["DATABASE_URL_SCORER"]) as connection:
        connection.execute("SELECT set_config('trabecula.act_id', %s, true)", [str(on.uuid.uuid4())])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "INSERT INTO vault.prediction (id, evaluation_id, submission_id, content, sha256, made_at) "
                "VALUES (%s, %s, %s, '', '', now())",
                [on.uuid.uuid4(), stage.evaluation_pk, submission.pk],
            )
