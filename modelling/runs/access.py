"""The only way to get runs for somebody, and the curves of one that is under way."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from cohort.study.access import list_studies_for
from modelling.runs.models import TrainingRun
from modelling.runs.services import CURVES, read_curves
from modelling.zoo.locks import hide_points, why_locked
from portal.roles.actors import Actor
from portal.roles.policy import require


def list_runs_for(actor: Actor) -> QuerySet[TrainingRun]:
    """Return the runs of the actor's studies, the newest first."""
    require(actor, "run.view")
    found = TrainingRun.objects.select_related("study", "snapshot__job", "job__lease", "model", "created_by")
    return found.filter(study__in=list_studies_for(actor))


def get_run_for(actor: Actor, pk: UUID) -> TrainingRun:
    """Return one run; another study's is a 404 like any unknown one."""
    return get_object_or_404(list_runs_for(actor), pk=pk)


def get_curves(run: TrainingRun) -> list[dict[str, Any]]:
    """Return the points of a run's curves: the kept ones, or what its process has written so far.

    Of a locked task only the losses.
    """
    points = _read_points(run)
    return hide_points(points) if why_locked(run.task, run.snapshot.n_events or 0) else points


def _read_points(run: TrainingRun) -> list[dict[str, Any]]:
    if run.curves or run.job is None:
        return list(run.curves)
    attempts = (Path(settings.HOME) / "jobs" / str(run.job_id)).glob(f"attempt-*/result/{CURVES}")
    newest = max(attempts, default=None)
    return read_curves(newest) if newest else []
