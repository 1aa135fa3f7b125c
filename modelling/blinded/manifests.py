"""What two people agree to at each step: everything it rests on, as JSON whose digest both of them see.

A body is made anew when it is approved. If anything has changed since it was proposed, the digest differs and the
approval is refused (TRUST 1.9, attack 11).
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from cohort.consent.access import list_withdrawn_from_use
from cohort.vault.access import find_sealing_key
from cohort.vault.codehash import compute_code_sha256
from cohort.vault.models import CustodyKey
from modelling.blinded.access import find_rehearsal, list_opened, list_submissions
from modelling.blinded.models import Evaluation, Step, Submission
from modelling.engine.blinding.labels import name_left
from portal.jobs.states import State as JobState

FORMAT = "trabecula.evaluation_step/1"


def make_body(evaluation: Evaluation, step: Step) -> dict[str, Any]:
    """Return what a step rests on now."""
    return {
        "format": FORMAT,
        "step": str(step),
        "evaluation": str(evaluation.pk),
        "study": str(evaluation.study_id),
        "origin": evaluation.origin,
        "task": evaluation.task,
        "protocol_sha256": evaluation.protocol_sha256,
        **_MORE[step](evaluation),
    }


def list_missing(evaluation: Evaluation, step: Step) -> list[str]:
    """Return what stands in the way of a step, as sentences; empty when nothing does."""
    return _MISSING[step](evaluation) if step in _MISSING else []


def _open(evaluation: Evaluation) -> dict[str, Any]:
    key = find_sealing_key(evaluation.pk)
    keys = CustodyKey.objects.filter(pk__in=evaluation.custody_keys).order_by("registered_at", "pk")
    return {
        "public_key": key.public_key if key else "",
        "custodians": [{"custodian": str(one.custodian_id), "public_key": one.public_key} for one in keys],
        "demo_custody": evaluation.is_demo_custody,
        "code_sha256": compute_code_sha256(),
    }


def _seal(evaluation: Evaluation) -> dict[str, Any]:
    return {"public_key": evaluation.public_key, "study_protocol_sha256": evaluation.study.protocol_sha256}


def _submit(evaluation: Evaluation) -> dict[str, Any]:
    rehearsed = find_rehearsal(evaluation) or {}
    roots = {
        one["submission"]: {name: one[name] for name in ("pred_root", "train_root")}
        for one in rehearsed.get("models", [])
    }
    snapshot = evaluation.test_snapshot
    return {
        "label_root": evaluation.label_root,
        "split_root": evaluation.split_root,
        "n_labels": evaluation.n_labels,
        "exclusions_sha256": evaluation.exclusions_sha256,
        "test_inputs_sha256": snapshot.sha256 if snapshot else "",
        "test_root": rehearsed.get("test_root", ""),
        "cases_root": rehearsed.get("cases_root", ""),
        # Rules stand among the models: what they say of each case is bound by the same digest.
        "models": [_describe(one) | roots.get(str(one.pk), {}) for one in list_submissions(evaluation)]
        + list(rehearsed.get("rules", [])),
    }


def _describe(one: Submission) -> dict[str, Any]:
    model = one.model_version
    return {
        "submission": str(one.pk),
        "model_version": str(model.pk),
        "name": str(model),
        "role": one.role,
        "weights_sha256": model.weights_sha256,
        "model_sha256": model.model_sha256,
        "train_snapshot_sha256": model.snapshot.sha256,
        "threshold": model.threshold,
        "predictions_sha256": one.predictions_sha256,
        "n_cases": one.n_cases,
        "sandboxed": one.is_sandboxed,
    }


def _lock(evaluation: Evaluation) -> dict[str, Any]:
    rehearsed = find_rehearsal(evaluation) or {}
    return {
        **_submit(evaluation),
        "protocol": evaluation.protocol,
        "public_key": evaluation.public_key,
        "demo_custody": evaluation.is_demo_custody,
        "rehearsal_sha256": rehearsed.get("sheet_sha256", ""),
        "rehearsal_seed": rehearsed.get("seed", ""),
        # Of the whole study, so that nothing here tells who is in the test.
        "left": sorted(name_left(evaluation.pk, one) for one in list_withdrawn_from_use(evaluation.study_id)),
        "code_sha256": compute_code_sha256(),
    }


def _revealed(evaluation: Evaluation) -> dict[str, Any]:
    return {"manifest_sha256": evaluation.manifest_sha256, "sheet_sha256": evaluation.sheet_sha256}


def _void(evaluation: Evaluation) -> dict[str, Any]:
    return {"state": evaluation.state}


_MORE: dict[str, Callable[[Evaluation], dict[str, Any]]] = {
    Step.OPEN: _open,
    Step.SEAL: _seal,
    Step.SUBMIT: _submit,
    Step.LOCK: _lock,
    Step.REPORT: _revealed,
    Step.ARCHIVE: _revealed,
    Step.VOID: _void,
}


def _missing_open(evaluation: Evaluation) -> list[str]:
    if evaluation.look != 1 + len(list_opened(evaluation.study, evaluation.task)):
        return ["this test set was opened since this was drafted, which counted the openings: void it"]
    if not evaluation.custody_keys:
        return ["the three custodians must be chosen first"]
    return [] if find_sealing_key(evaluation.pk) else ["the scorer has not made the sealing key yet"]


def _missing_submit(evaluation: Evaluation) -> list[str]:
    entered = list(list_submissions(evaluation))
    missing = []
    if not any(one.role == Submission.Role.PRIMARY for one in entered):
        missing.append("one model must be entered as the primary one")
    waiting = sum(not one.predictions_sha256 for one in entered)
    if waiting:
        failed = sum(one.job is not None and one.job.state in {JobState.FAILED, JobState.PARKED} for one in entered)
        missing.append(f"{waiting} of {len(entered)} models have no predictions yet ({failed} failed)")
    if not settings.DEMO and any(one.predictions_sha256 and not one.is_sandboxed for one in entered):
        missing.append("a model predicted unsandboxed, so the labels' neighbours were not out of its reach")
    if entered and not waiting and find_rehearsal(evaluation) is None:
        missing.append("the scorer has not checked and rehearsed these models yet")
    return missing


def _missing_lock(evaluation: Evaluation) -> list[str]:
    return [] if find_rehearsal(evaluation) else ["the rehearsal is not of the models as they were handed in"]


_MISSING: dict[str, Callable[[Evaluation], list[str]]] = {
    Step.OPEN: _missing_open,
    Step.SUBMIT: _missing_submit,
    Step.LOCK: _missing_lock,
}
