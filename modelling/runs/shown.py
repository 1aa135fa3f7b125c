"""Runs as the pages show them: rows, progress, facts, what a task leaves out. Reads nothing but what it is given."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from cohort.study.models import Basis, Study
from frontend.parts import Cell, Column, Progress, Table
from modelling.engine.recipes import PROFILES, RECIPES
from modelling.engine.training.admissible import FX_FRAG, FX_INC, FX_WRIST_PAST, OP_WHO, TASKS, Use, list_rulings
from modelling.runs.models import TrainingRun
from modelling.zoo.locks import metrics_of, why_locked_for
from modelling.zoo.models import ModelVersion
from portal.jobs import shown as jobs_shown
from portal.jobs.states import ENDED, State
from portal.roles.actors import Actor
from portal.roles.policy import may


@dataclass(frozen=True)
class RunRow:
    """One line of the list of runs, with the box by which it is chosen for comparison."""

    run: TrainingRun
    task: str
    recipe: str
    state: str
    auc: str
    when: str
    who: str
    may_compare: bool


def tasks_of(study: Study) -> list[str]:
    """Return the tasks that a model of a study can be trained for today."""
    return [FX_WRIST_PAST] if study.basis == Basis.PUBLIC_USE else [OP_WHO, FX_FRAG, FX_INC]


def rows_of(runs: Iterable[TrainingRun]) -> list[RunRow]:
    """Return the list of runs."""
    return [
        RunRow(
            run=run,
            task=TASKS[run.task],
            recipe=RECIPES[run.recipe].title,
            state=run.state,
            auc=auc_words(run.model) if run.model else "",
            when=f"{timezone.localtime(run.asked_at):%-d %b %Y, %H:%M}",
            who=str(run.created_by or "the portal"),
            may_compare=run.model is not None,
        )
        for run in runs
    ]


def pooled_auc(model: ModelVersion) -> Mapping[str, Any]:
    """Return a model's pooled out-of-fold AUC as {value, lower, upper}; empty, or all None, where not estimable."""
    metrics = metrics_of(model)
    main = metrics.get("inputs", {}).get(metrics.get("primary"), {})
    return main.get("auc_pooled") or {}


def auc_words(model: ModelVersion) -> str:
    """Return the pooled out-of-fold AUC with its interval, in words; never without the interval."""
    auc = pooled_auc(model)
    if auc.get("value") is None or auc.get("lower") is None:
        return why_locked_for(model) or "not estimable"
    return f"{auc['value']:.2f} ({auc['lower']:.2f} to {auc['upper']:.2f})"


def progress_of(run: TrainingRun, actor: Actor) -> Progress:
    """Return how far a run is; before its own job, how far its snapshot is."""
    stoppable = may(actor, "run.cancel")
    cancel_url = reverse("run-cancel", args=[run.pk]) if stoppable else ""
    poll_url = reverse("run-progress", args=[run.pk])
    job = run.job or run.snapshot.job
    over = is_over(run)
    if run.job is None:
        words = run.stopped_why or "its snapshot is being built; training begins by itself after it"
        return Progress(
            label="Progress",
            state=run.state,
            sentence="" if over else words,
            poll_url=poll_url,
            cancel_url=cancel_url,
            finished=over,
            failure=run.stopped_why,
            dom_id="run-progress",
        )
    shown = jobs_shown.progress_of(run.job, actor)
    return Progress(
        label="Progress",
        state=run.state,
        step=shown.step,
        total=shown.total,
        sentence=shown.sentence,
        poll_url=poll_url,
        cancel_url=cancel_url if job is not None and job.state != State.PARKED else "",
        finished=over,
        failure=shown.failure,
        dom_id="run-progress",
    )


def is_over(run: TrainingRun) -> bool:
    """True if nothing more happens to the run by itself."""
    return run.state in {*ENDED, State.PARKED}


def facts_of(run: TrainingRun) -> list[tuple[str, str]]:
    """Return what was asked of a run, as pairs of a word and its value."""
    config = run.config
    found = [
        ("Task", f"{run.task}: {TASKS[run.task]}"),
        ("Recipe", RECIPES[run.recipe].title),
        ("Size", PROFILES[run.profile].title),
        ("Folds", str(config.get("folds", ""))),
        ("Epochs", str(config.get("epochs", ""))),
        ("Seed", str(config.get("seed", ""))),
        ("Participants", str(run.snapshot.n or "")),
        ("Asked by", str(run.created_by or "the portal")),
        ("Asked", f"{timezone.localtime(run.asked_at):%-d %B %Y, %H:%M}"),
    ]
    return [(word, value) for word, value in found if value]


def left_out_table(task: str) -> Table:
    """Return what a task leaves out and why: one row for each reason, the variables beside it."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for _, variable, ruling in list_rulings(task):
        if ruling.use is not Use.INPUT:
            by_reason.setdefault((str(ruling.use), ruling.reason), []).append(variable)
    rows = [(reason, use, _some(names), len(names)) for (use, reason), names in by_reason.items()]
    columns = ("Why", "As what", "Variables", Column("How many", is_number=True))
    return Table(f"Left out of {task}", columns, rows)


def comparison_table(runs: Iterable[TrainingRun]) -> Table:
    """Return runs side by side."""
    rows = [
        (
            Cell(str(run.model), url=reverse("model", args=[run.model_id])),
            Cell(RECIPES[run.recipe].title),
            Cell(run.task),
            Cell(str(run.snapshot.n or "")),
            Cell(str(run.snapshot.n_events or "")),
            Cell(auc_words(run.model) if run.model else ""),
            Cell(run.snapshot.sha256[:12], is_code=True),
        )
        for run in runs
    ]
    columns = ("Model", "Recipe", "Task", "Participants", "Events", "AUC, out of fold (95 %)", "Snapshot")
    return Table("Runs side by side", columns, rows)


def comparison_warnings(runs: Iterable[TrainingRun]) -> list[str]:
    """Return what makes the comparison weaker than it looks."""
    found = list(runs)
    words = []
    if len({run.task for run in found}) > 1:
        words.append("These runs are of different tasks: their AUC cannot be set against each other.")
    if len({run.snapshot_id for run in found}) > 1:
        words.append(
            "These runs learned from different snapshots, so from different people or columns: a difference may come "
            "from that and not from the recipe."
        )
    return words


def _some(names: list[str], n: int = 6) -> str:
    return ", ".join(names[:n]) + (f" and {len(names) - n} more" if len(names) > n else "")
