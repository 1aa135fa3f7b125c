"""A worker that lays things out for its child holds its job meanwhile, however long that takes."""

from pathlib import Path

import pytest

from portal.jobs import registry
from portal.jobs.leases import Held
from portal.jobs.models import Lease
from portal.jobs.registry import Kind
from portal.jobs.supervise import run_held_job
from tests.portal.jobs.builders import claim, make_job, reload
from tests.portal.jobs.children import python, wait_until


@pytest.mark.usefixtures("fresh_database")
def test_the_lease_is_renewed_while_a_job_is_prepared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: pytest.FixtureRequest
) -> None:
    settings.HOME, settings.JOB_HEARTBEAT_SECONDS = tmp_path, 0.05  # type: ignore[attr-defined]

    def prepare(held: Held, folder: Path) -> None:
        begun = Lease.objects.get(job=held.job_pk).lease_until
        wait_until(lambda: Lease.objects.get(job=held.job_pk).lease_until > begun)

    code = "from portal.jobs.reporting import report_result; report_result({})"
    kind = Kind("demonstration", "Slow to lay out", lambda *_: python(code), frozenset({"web"}), prepare=prepare)
    monkeypatch.setitem(registry._kinds, "demonstration", kind)
    job = make_job()
    run_held_job(claim(job))
    assert reload(job).state == "finished"
