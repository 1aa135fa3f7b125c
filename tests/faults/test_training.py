"""A worker killed in the middle of a training: the run goes on from its last checkpoint, and gets one model version."""

import signal

import pytest

from modelling.zoo.models import ModelVersion
from tests.cast import Cast
from tests.faults.jobs import becomes
from tests.faults.processes import Stack
from tests.modelling.runs.builders import ask, job_of, lay_snapshot_down
from tests.modelling.runs.builders import reload as reload_run
from tests.portal.jobs.builders import reload
from tests.portal.jobs.children import wait_until

pytestmark = pytest.mark.fault

EPOCHS = 12
FOLDS = 2


@pytest.fixture
def cast(cast: Cast, works: Stack, settings: pytest.FixtureRequest) -> Cast:
    """The people, with files where the worker keeps them."""
    # The worker's child has another account and must come through to its own folder.
    works.folder.chmod(0o711)
    works.home.chmod(0o711)
    settings.HOME = works.home  # type: ignore[attr-defined]
    return cast


def test_a_worker_killed_while_it_trains_leaves_one_model_version(works: Stack, cast: Cast) -> None:
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study), recipe="fusion", epochs=EPOCHS)
    works.start_clock()
    first = works.start_worker()
    job = job_of(run)
    wait_until(lambda: reload(job).lease.checkpoint_sha256 and reload(job).lease.step >= 3)
    first.signal(signal.SIGKILL)
    first.wait()
    assert reload(job).state == "running", "it had finished before it was killed: nothing was proved"
    works.start_worker()
    done = becomes(job, "finished", "failed", "parked")
    assert done.state == "finished", done.failure_text
    assert done.attempts == 2
    assert ModelVersion.objects.get() == reload_run(run).model
    drawn = [(point["fold"], point["epoch"]) for point in reload_run(run).curves]
    assert sorted(drawn) == [(fold, epoch) for fold in range(FOLDS) for epoch in range(1, EPOCHS + 1)]


def test_a_worker_killed_while_it_registers_the_model_leaves_one_model_version(works: Stack, cast: Cast) -> None:
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    works.start_clock()
    code = (
        "import os, signal\n"
        "import modelling.runs.services as services\n"
        "from portal.jobs import supervise\n"
        "from portal.jobs.leases import claim_job\n"
        "true = services.register_model\n"
        "def dies(**given):\n"
        "    true(**given)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "services.register_model = dies\n"
        f"held = claim_job('{job_of(run).pk}', owner='it dies', sandbox=[])\n"
        "supervise.run_held_job(held)\n"
    )
    assert works.run_python(code) == -signal.SIGKILL
    assert not ModelVersion.objects.exists(), "what it had written before it died must be rolled back"
    works.start_worker()
    done = becomes(job_of(run), "finished", "failed", "parked")
    assert done.state == "finished", done.failure_text
    assert ModelVersion.objects.get() == reload_run(run).model
