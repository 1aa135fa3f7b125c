"""The score sheet: what it holds, what it refuses, and that it is the same each time."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from modelling.engine.metrics.catalogue import METRICS
from modelling.engine.metrics.model_scores import score_model
from modelling.engine.metrics.score_sheet import Facts, Protocol, Scored, compute
from modelling.engine.metrics.tasks import TASKS, describe_task, name_abmd
from portal.proof import jcs
from tests.modelling.engine.metrics.sheets import FACTS, make_labels, make_model, make_sheet

PROTOCOL = Protocol(seed=7, resamples=200)


def test_a_sheet_holds_what_its_contract_names() -> None:
    sheet = make_sheet()
    assert (sheet["format"], sheet["n"], sheet["n_events"]) == ("trabecula.score_sheet/1", 30, 6)
    primary, baseline = sheet["models"]
    assert (primary["role"], baseline["role"]) == ("primary", "baseline")
    assert 0 < primary["auc"]["lower"] < primary["auc"]["value"] < primary["auc"]["upper"] < 1
    assert sum(primary["confusion"].values()) == 30
    assert primary["roc"][0] == [0, 0, None]
    assert primary["roc"][-1][:2] == [1, 1]
    assert [len(primary["risks"][who]) for who in ("with", "without")] == [6, 24]
    assert sheet["comparisons"][0]["difference"]["lower"] < sheet["comparisons"][0]["difference"]["upper"]


def test_the_same_labels_and_predictions_give_the_same_bytes_in_any_order() -> None:
    labels = make_labels()
    turned = dict(reversed(labels.items()))
    one, other = (compute(FACTS, chosen, [make_model()], PROTOCOL) for chosen in (labels, turned))
    assert jcs.dumps(one) == jcs.dumps(other)
    assert json.loads(json.dumps(one)) == one


def test_a_rule_that_only_ranks_has_an_auc_and_no_calibration() -> None:
    truths, risks = np.array([0.0, 1.0] * 120), np.random.default_rng(3).random(240)
    rule = Scored("T_RULE", "T-score rule", "baseline", "dxa", 0.5, "", "", {})
    told = score_model(rule, truths, risks, replace(PROTOCOL, net_benefit_at=(0.1,)), None, "")
    assert (told["calibration"]["estimable"], len(told["net_benefit"])) == (True, 1)
    ranked = replace(rule, ranks_only="it gives no probability")
    found = score_model(ranked, truths, risks, replace(PROTOCOL, net_benefit_at=(0.1,)), None, "")
    assert (found["auc"], found["roc"]) == (told["auc"], told["roc"])
    assert (found["brier"]["value"], found["brier"]["why"]) == (None, "it gives no probability")
    assert (found["calibration"]["estimable"], found["net_benefit"]) == (False, [])


def test_another_seed_moves_the_bootstrap_and_nothing_else() -> None:
    one, other = (compute(FACTS, make_labels(), [make_model()], replace(PROTOCOL, seed=seed)) for seed in (1, 2))
    assert one["models"][0]["auc_bootstrap"] != other["models"][0]["auc_bootstrap"]
    assert one["models"][0]["auc"] == other["models"][0]["auc"]


def test_thirty_people_get_no_calibration_but_the_reason() -> None:
    found = make_sheet()["models"][0]["calibration"]
    assert found["estimable"] is False
    assert found["slope"] is None
    assert "30 people, 6 of them with the outcome, cannot settle calibration" in found["why"]


def test_a_thousand_people_get_their_calibration() -> None:
    labels = make_labels(1000, 250)
    found = compute(FACTS, labels, [make_model(labels)], PROTOCOL)["models"][0]["calibration"]
    assert found["estimable"] is True
    assert found["slope"]["lower"] < found["slope"]["value"] < found["slope"]["upper"]
    assert found["curve"]


def test_a_single_class_is_null_with_its_reason_and_never_a_half() -> None:
    labels = dict.fromkeys(make_labels(), 0)
    found = compute(FACTS, labels, [make_model()], PROTOCOL)["models"][0]
    assert found["auc"]["value"] is None
    assert "nobody has the outcome among 30 people" in found["auc"]["why"]
    assert found["roc"] == []
    assert found["sensitivity"]["value"] is None
    assert found["specificity"]["value"] is not None


def test_a_future_fracture_is_not_estimable_before_its_tenth_event() -> None:
    facts = replace(FACTS, task="FX_INC", training={"n": 70, "n_events": 20})
    few = compute(facts, make_labels(30, 9), [make_model(make_labels(30, 9))], PROTOCOL)
    assert few["not_estimable"] == "not estimable: 9 events"
    assert few["models"][0]["auc"]["why"] == "not estimable: 9 events"
    assert few["models"][0]["confusion"] is None
    assert few["models"][0]["risks"] == {"with": [], "without": []}
    enough = compute(facts, make_labels(30, 10), [make_model(make_labels(30, 10))], PROTOCOL)
    assert enough["models"][0]["auc"]["value"] is not None


@pytest.mark.parametrize(("training", "n_seen"), [({"n": 70, "n_events": 19}, 19), ({}, 0)])
def test_a_future_fracture_is_not_estimable_by_a_model_that_learned_from_too_few(
    training: dict[str, int], n_seen: int
) -> None:
    labels = make_labels(60, 12)
    few = compute(replace(FACTS, task="FX_INC", training=training), labels, [make_model(labels)], PROTOCOL)
    assert few["not_estimable"] == f"not estimable: {n_seen} events in training, wanted at least 20"
    assert few["models"][0]["auc"]["value"] is None
    others = compute(replace(FACTS, training=training), labels, [make_model(labels)], PROTOCOL)
    assert others["models"][0]["auc"]["value"] is not None


def test_a_model_without_a_locked_threshold_has_no_confusion_matrix() -> None:
    found = compute(FACTS, make_labels(), [replace(make_model(), threshold=None)], PROTOCOL)["models"][0]
    assert found["confusion"] is None
    assert found["ppv"]["why"] == "no threshold was locked"


def test_predictions_of_other_people_are_refused_without_naming_them() -> None:
    model = make_model()
    token, *rest = model.predictions
    strange = replace(model, predictions={"f" * 32: 0.5} | {one: model.predictions[one] for one in rest})
    with pytest.raises(ValueError, match="predicts 1 people without a label and leaves out 1") as caught:
        compute(FACTS, make_labels(), [strange], PROTOCOL)
    assert token not in str(caught.value)


@pytest.mark.parametrize("bad", [float("nan"), 1.01, -0.01, float("inf")])
def test_a_risk_that_is_no_probability_is_refused(bad: float) -> None:
    model = make_model()
    first = next(iter(model.predictions))
    with pytest.raises(ValueError, match="not a number from 0 to 1"):
        compute(FACTS, make_labels(), [replace(model, predictions={**model.predictions, first: bad})], PROTOCOL)


def test_exactly_one_model_is_primary() -> None:
    with pytest.raises(ValueError, match="2 models are primary"):
        compute(FACTS, make_labels(), [make_model(), make_model()], PROTOCOL)
    with pytest.raises(ValueError, match="0 models are primary"):
        compute(FACTS, make_labels(), [replace(make_model(), role="baseline")], PROTOCOL)


def test_an_evaluation_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody to score"):
        compute(FACTS, {}, [make_model()], PROTOCOL)


def test_a_small_subgroup_is_not_shown() -> None:
    labels = make_labels()
    site = {token: "A" if i < 25 else "B" for i, token in enumerate(sorted(labels))}
    rows = compute(FACTS, labels, [make_model()], PROTOCOL, subgroups={"site": site})["subgroups"]
    small = next(row for row in rows if row["group"] == "B")
    assert (small["n"], small["n_events"], small["auc"]["why"]) == (None, None, "not shown (n < 10)")


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({"F": (52, 17), "M": (8, 3)}, set()),
        ({"A": (30, 10), "B": (22, 7), "C": (8, 3)}, {"A"}),
        ({"A": (41, 14), "B": (10, 3), "C": (9, 3)}, {"A"}),
        ({"A": (30, 10), "B": (30, 10)}, {"A", "B"}),
    ],
)
def test_no_hidden_subgroup_follows_from_the_total_and_those_shown(
    sizes: dict[str, tuple[int, int]], shown: set[str]
) -> None:
    labels = make_labels(60, 20)
    events = [token for token in labels if labels[token]]
    others = [token for token in labels if not labels[token]]
    group = {}
    for name, (n, n_events) in sizes.items():
        taken = [events.pop() for _ in range(n_events)] + [others.pop() for _ in range(n - n_events)]
        group |= dict.fromkeys(taken, name)
    rows = compute(FACTS, labels, [make_model(labels)], PROTOCOL, subgroups={"group": group})["subgroups"]
    assert {row["group"] for row in rows if row["n"] is not None} == shown
    assert all(row["auc"]["value"] is None and row["auc"]["why"] for row in rows if row["n"] is None)


def test_a_survey_weight_gives_a_second_auc_without_an_interval() -> None:
    labels = make_labels()
    found = compute(FACTS, labels, [make_model()], PROTOCOL, weights=dict.fromkeys(labels, 2.0))["models"][0]
    assert found["auc_weighted"]["value"] == pytest.approx(found["auc"]["value"], abs=1e-11)
    assert found["auc_weighted"]["why"] == "a design-based interval is not claimed"


def test_models_that_rank_alike_are_compared_by_a_reason() -> None:
    twin = replace(make_model(), role="baseline", model_version="2")
    row = compute(FACTS, make_labels(), [make_model(), twin], PROTOCOL)["comparisons"][0]
    assert row["p"] is None
    assert "rank everybody alike" in row["difference"]["why"]


def test_every_metric_of_the_catalogue_says_its_unit_and_source() -> None:
    assert {"auc", "brier", "slope", "net_benefit", "icc", "ccc"} <= METRICS.keys()
    for metric in METRICS.values():
        assert metric.unit
        assert metric.source
        assert metric.compute.__doc__


def test_outputs_are_named_for_what_they_are() -> None:
    assert describe_task("OP_WHO").output == "Likelihood that hip or spine DXA is at or below T -2.5 now"
    assert describe_task("FX_FRAG").output == "Likelihood of a past low-trauma fracture (association, not a forecast)"
    assert name_abmd("NHANES III") == "Predicted forearm 33 % aBMD, g/cm2, and its T-score by NHANES III"
    assert TASKS["FX_INC"].min_test_events == 10


def test_a_task_nobody_listed_has_no_words() -> None:
    with pytest.raises(KeyError):
        describe_task("HIP_2030")


def test_facts_are_repeated_as_they_were_given() -> None:
    facts: Any = Facts(
        "e", "s", "human", "FX_WRIST_PAST", excluded=[{"reason": "no consent", "n": 2}], deviations=["one"]
    )
    sheet = compute(facts, make_labels(), [make_model()], PROTOCOL)
    assert sheet["origin"] == "human"
    assert sheet["excluded"] == [{"reason": "no consent", "n": 2}]
    assert sheet["deviations"] == ["one"]


def test_scored_people_keep_no_tokens_in_the_sheet() -> None:
    text = json.dumps(make_sheet())
    token = next(iter(make_labels()))
    assert token in make_model().predictions
    assert token not in text
    assert isinstance(make_model(), Scored)
