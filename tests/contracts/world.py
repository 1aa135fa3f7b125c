"""A small world for sweeps: a study of simulated origin and one of human origin, each with everything a route can show.

Everything is made through the product's own services; jobs run in the worker's own process and role, the labels are
opened by the scorer's. The human one is the first rows of the public table: nobody of it has images or visits.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cohort.datasets.models import Snapshot
from cohort.datasets.services import build_snapshot
from cohort.enrolment.models import Assignment, Screening
from cohort.enrolment.services import enrol_participant
from cohort.exchange.services import import_table
from cohort.imaging.models import Series, Upload
from cohort.participants.models import Participant, Visit
from cohort.quality.models import Query
from cohort.quality.services import raise_query
from cohort.study.models import Study
from cohort.vault.models import CustodyKey
from modelling.blinded import services
from modelling.blinded.models import Evaluation, Step, Submission
from modelling.blinded.protocol import DEFAULTS, Typed
from modelling.runs.models import TrainingRun
from modelling.runs.services import start_run
from modelling.zoo.models import ModelVersion
from portal.audit.context import joined
from portal.jobs.models import Job
from portal.roles.actors import Actor
from portal.roles.models import Role
from tests.cast import act_as, hands, make_identity, make_screening, make_signing
from tests.cohort.datasets.people import HEALTHY, OSTEOPOROTIC, add_outcome, fill
from tests.cohort.exchange.tables import make_public_study, read_shipped
from tests.cohort.imaging.builders import bring, make_film
from tests.modelling.blinded import stage as on
from tests.modelling.blinded.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
N_PEOPLE = 20
N_ROWS = 240
CANARY = "hung curtains, 7c19e0"
"""What the first test participant was doing at a past fracture: an outcome that no page of an analyst may hold."""
DO_ALL = """
import django; django.setup()
from portal.jobs.leases import claim_job
from portal.jobs.models import Job
from portal.jobs.supervise import run_held_job
while (job := Job.objects.filter(state="queued").order_by("queued_at").first()) is not None:
    run_held_job(claim_job(job.pk, owner="the world", sandbox=[]))
"""


class StudyStage(Stage):
    """A stage of one study among several."""

    def test_people(self) -> list[object]:  # type: ignore[override]
        ours = list(Participant.objects.filter(study=self.cast.study).values_list("pk", flat=True))
        found = Assignment.objects.filter(is_test=True, participant_id__in=ours)
        return list(found.values_list("participant_id", flat=True))


@dataclass
class Side:
    """One study of the world and what belongs to it."""

    stage: Stage
    task: str
    snapshot: Snapshot | None = None
    run: TrainingRun | None = None
    model: ModelVersion | None = None
    series: Series | None = None
    upload: Upload | None = None
    query: Query | None = None
    screening: Screening | None = None
    canary_of: Participant | None = None

    @property
    def study(self) -> Study:
        return self.stage.cast.study

    @property
    def origin(self) -> str:
        return str(self.study.origin)

    @property
    def participant(self) -> Participant:
        return Participant.objects.filter(study=self.study).order_by("code")[0]

    @property
    def job(self) -> Job:
        assert self.run is not None
        assert self.run.job is not None
        return self.run.job


@dataclass
class World:
    """Both sides, and the people who may look."""

    simulated: Side
    human: Side
    radiographer: Actor
    assessor: Actor
    sides: list[Side] = field(init=False)

    def __post_init__(self) -> None:
        self.sides = [self.simulated, self.human]


def make_world(environment: dict[str, str], home: Path) -> World:
    """Make both studies, up to locked evaluations; `reveal` opens them."""
    stage = on.set_stage(environment, 0)
    stage.__class__ = StudyStage
    simulated = Side(stage, "OP_WHO")
    radiographer = act_as("Rafael Radiographer", Role.RADIOGRAPHER, site=stage.cast.exeter)
    assessor = act_as("Asha Assessor", Role.ASSESSOR, site=stage.cast.exeter)
    make_people(simulated)
    study, site = make_public_study(stage.cast)
    import_table(actor=stage.cast.dan, study=study, site=site, content=read_shipped(N_ROWS))
    other = StudyStage(replace(stage.cast, study=study), environment, stage.custodians, stage.cards, stage.auditor)
    human = Side(other, "FX_WRIST_PAST")
    world = World(simulated, human, radiographer, assessor)
    for side in world.sides:
        side.snapshot = build_snapshot(actor=stage.cast.ana, study=side.study, task=side.task, modalities=())
    work(environment, home)
    for side in world.sides:
        side.snapshot = Snapshot.objects.get(pk=side.snapshot.pk)  # type: ignore[union-attr]
        side.run = start_run(
            actor=stage.cast.ana,
            study=side.study,
            task=side.task,
            recipe="clinical",
            snapshot=side.snapshot,
            folds=2,
        )
        draft(side)
    work(environment, home)
    for side in world.sides:
        side.run = TrainingRun.objects.select_related("model", "job").get(pk=side.run.pk)  # type: ignore[union-attr]
        side.model = side.run.model
        assert side.model is not None, side.job.failure_text
        side.stage.agree(Step.OPEN, stage.cast.paula, stage.cast.carl)
        side.stage.agree(Step.SEAL, stage.cast.dan, stage.cast.carl)
    work(environment, home)
    for side in world.sides:
        services.enter_model(
            actor=stage.cast.ana,
            evaluation=side.stage.evaluation,
            model=side.model,  # type: ignore[arg-type]
            role=Submission.Role.PRIMARY,
        )
    work(environment, home)
    for side in world.sides:
        services.ask_for_rehearsal(actor=stage.cast.ana, evaluation=side.stage.evaluation)
        on.run_scorer_once(side.stage)
        side.stage.agree(Step.SUBMIT, stage.cast.ana, stage.cast.dan)
        side.stage.agree(Step.LOCK, stage.cast.paula, stage.cast.cora)
    return world


def reveal(world: World) -> None:
    """Open both evaluations."""
    for side in world.sides:
        on.reveal(side.stage)


def make_people(side: Side) -> None:
    """Enrol twenty women with a baseline; both labels are in each part. Those of the test have a radiograph."""
    cast = side.stage.cast
    people = []
    for number in range(N_PEOPLE):
        screening = make_screening(cast)
        side.screening = side.screening or screening
        identity, signing = make_identity(f"Ann{number}"), make_signing(cast)
        people.append(enrol_participant(actor=cast.nora, screening=screening, identity=identity, signing=signing))
    test = set(side.stage.test_people())
    for part in ([one for one in people if one.pk in test], [one for one in people if one.pk not in test]):
        for number, one in enumerate(part):
            side.stage.truth[one.pk] = number % 2
            fill(cast, one, OSTEOPOROTIC if number % 2 else HEALTHY)
    plant_canary(side, next(one for one in people if one.pk in test))
    ann = people[0]
    side.upload = bring(cast, ann, make_film(ann.code))
    side.series = Series.objects.get()
    # An evaluation asks what the radiograph tells: who has none is not in its test.
    for number, one in enumerate((one for one in people if one.pk in test - {ann.pk}), 2):
        bring(cast, one, make_film(one.code, seed=number))
    visit = Visit.objects.select_related("participant__study").get(participant=ann, code="BL")
    side.query = raise_query(actor=cast.dan, visit=visit, form="ant", text="Is the weight right?")


def plant_canary(side: Side, participant: Participant) -> None:
    """Enter a past fracture of a test participant, with words that stand nowhere else."""
    side.canary_of = participant
    visit = Visit.objects.get(participant=participant, code="BL")
    answers = {"fxh_any": "1", "fxh_site": "radius_distal", "fxh_side": "L", "fxh_activity": CANARY}
    with hands(side.stage.cast.nora), joined("clinical"):
        add_outcome(participant, visit, "fxh", answers)


def draft(side: Side) -> Evaluation:
    """Draft the evaluation of a side and have its key made."""
    typed = Typed(question="Does the model separate them?", max_models=3, seed=7, **DEFAULTS)
    cast = side.stage.cast
    evaluation = services.draft_evaluation(
        actor=cast.paula, study=side.study, task=side.task, title=f"Evaluation of {side.study.code}", typed=typed
    )
    side.stage.evaluation_pk = evaluation.pk
    services.choose_custodians(actor=cast.paula, evaluation=evaluation, keys=list(CustodyKey.objects.all()))
    on.run_scorer_once(side.stage)
    return evaluation


def work(environment: dict[str, str], home: Path) -> None:
    """Do every job that waits, in a process of the worker's own role."""
    own = {**os.environ, **environment, "TRABECULA_HOME": str(home), "TRABECULA_PROCESS": "worker"}
    done = subprocess.run(
        [sys.executable, "-c", DO_ALL], cwd=ROOT, env=own, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    bad = Job.objects.exclude(state="finished").first()
    assert bad is None, f"{bad}: {bad.failure_text}" if bad else ""


@contextmanager
def home_of(settings: object, folder: Path) -> Iterator[Path]:
    """Point the portal's files at a folder while the block runs."""
    before = settings.HOME  # type: ignore[attr-defined]
    folder.chmod(0o711)
    settings.HOME = folder  # type: ignore[attr-defined]
    try:
        yield folder
    finally:
        settings.HOME = before  # type: ignore[attr-defined]
