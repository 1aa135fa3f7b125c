"""Faults of TRUST 4.4 that strike jobs: none is lost, each runs to its end once. Real workers, broker and database."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connections

from portal.core.errors import StaleState, WrongState
from portal.jobs.broker import send_wake_up
from portal.jobs.models import Job
from portal.jobs.services import cancel_job
from portal.roles.actors import Actor
from tests.faults.jobs import EVERY, ask, assert_done_once, count_effects, kept_checkpoints, reaches
from tests.faults.processes import Relay, Stack, kill_broker
from tests.portal.jobs.builders import reload
from tests.portal.jobs.children import wait_until

pytestmark = pytest.mark.fault


def test_fault_3_a_killed_worker_loses_at_most_one_interval(works: Stack, dan: Actor) -> None:
    works.start_clock()
    first = works.start_worker()
    job = ask(dan)
    wait_until(reaches(job, 10))
    first.signal(signal.SIGKILL)
    step_before = max(reload(job).lease.step, kept_checkpoints(works, job)[0].step)
    works.start_worker()
    done = assert_done_once(works, job)
    assert done.attempts == 2
    assert done.result["began_at_step"] > step_before - EVERY
    assert done.result["began_at_step"] > 0


def test_fault_4_a_killed_child_is_tried_again_and_the_reason_shows(works: Stack, dan: Actor) -> None:
    worker = works.start_worker()
    job = ask(dan)
    wait_until(reaches(job, 5))
    worker.find_child().kill()
    wait_until(lambda: reload(job).attempts == 2)
    now = reload(job)
    assert now.failure_code == "killed"
    assert "killed from outside" in now.failure_text
    assert_done_once(works, job)


def test_fault_5_a_worker_that_was_frozen_past_its_lease_is_fenced(works: Stack, dan: Actor) -> None:
    works.start_clock()
    first = works.start_worker()
    job = ask(dan, steps=60)
    wait_until(reaches(job, 5))
    child = first.find_child()
    child.suspend()
    first.signal(signal.SIGSTOP)
    works.start_worker()
    wait_until(lambda: reload(job).lease.token == 2)
    first.signal(signal.SIGCONT)
    wait_until(lambda: "fenced out under token 1" in first.log)
    assert not child.is_running()
    done = assert_done_once(works, job, steps=60)
    assert (done.lease.token, done.attempts) == (2, 2)


@pytest.mark.parametrize("with_its_data", [False, True], ids=["fault 6: killed", "fault 7: killed, data deleted"])
def test_faults_6_and_7_the_broker_dies_with_a_full_queue(works: Stack, dan: Actor, with_its_data: bool) -> None:
    works.start_clock()
    works.start_worker()
    running = ask(dan)
    wait_until(reaches(running, 3))
    waiting = [ask(dan, steps=n, seconds_per_step=0) for n in range(1, 6)]
    kill_broker(with_its_data=with_its_data)
    assert_done_once(works, running)
    assert reload(running).attempts == 1
    for n, job in enumerate(waiting, start=1):
        assert assert_done_once(works, job, steps=n).attempts == 1


def test_fault_8_a_message_delivered_many_times_makes_one_run(works: Stack, dan: Actor) -> None:
    job = ask(dan, steps=10)
    for _ in range(6):
        assert send_wake_up(job.pk, job.queue)
    workers = [works.start_worker() for _ in range(2)]
    done = assert_done_once(works, job, steps=10)
    wait_until(lambda: sum(worker.log.count("succeeded in") for worker in workers) == 7)
    assert (reload(job).attempts, done.lease.token) == (1, 1)
    assert count_effects(works, job) == 1


def test_fault_9_a_web_process_killed_before_it_could_send_the_message(works: Stack, dan: Actor) -> None:
    works.start_worker()
    status = works.run_python(
        f"""
import os
from portal.accounts.models import User
from portal.jobs import broker
from portal.jobs.services import start_demonstration
from portal.roles.middleware import actor_of
broker.send_wake_up = lambda *_: os.kill(os.getpid(), 9)
dan = actor_of(User.objects.get(pk="{dan.user_pk}"))
start_demonstration(actor=dan, queue="gpu", steps=4, seconds_per_step=0, checkpoint_every=2)
"""
    )
    assert status == -signal.SIGKILL
    job = Job.objects.get()
    assert job.state == "queued"
    works.start_clock()
    assert_done_once(works, job, steps=4)


def test_fault_18_workers_whose_clocks_are_a_day_apart_share_no_job(works: Stack, dan: Actor) -> None:
    works.start_clock()
    for shift_s in (-86_400, 86_400):
        folder = works.folder / f"shift{shift_s}"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(
            f"import time\ntrue_time = time.time\ntime.time = lambda: true_time() + {shift_s}\n"
        )
        works.start_worker(PYTHONPATH=str(folder))
    jobs = [ask(dan, steps=n) for n in (20, 21, 22, 23)]
    for n, job in zip((20, 21, 22, 23), jobs, strict=True):
        send_wake_up(job.pk, job.queue)
        assert assert_done_once(works, job, steps=n).attempts == 1


@pytest.mark.parametrize("cut_s", [1.0, 6.0], ids=["back in time", "too late"])
def test_fault_19_the_way_to_the_database_is_cut(works: Stack, dan: Actor, cut_s: float) -> None:
    address = works.environment["DATABASE_URL_WORKER"]
    sockets = Path(parse_qs(urlsplit(address).query)["host"][0])
    relay = Relay(works.folder, sockets / ".s.PGSQL.5432")
    relay.join()
    through = address.replace(urlsplit(address).query, f"host={works.folder}")
    worker = works.start_worker(DATABASE_URL_WORKER=through)
    works.start_clock()
    job = ask(dan, steps=80)
    wait_until(reaches(job, 5))
    relay.cut()
    time.sleep(cut_s)  # the fault itself has a length; nothing is waited for
    relay.join()
    done = assert_done_once(works, job, steps=80)
    assert "the database is out of reach" in worker.log
    if cut_s < 3:
        assert (done.attempts, done.lease.token) == (1, 1)
    else:
        assert done.lease.token > 1
        assert done.result["began_at_step"] > 0
    relay.cut()


@pytest.mark.parametrize("pool", ["solo", "prefork"])
def test_fault_21_the_whole_stack_is_asked_to_stop_and_goes_on_when_started_again(
    works: Stack, dan: Actor, pool: str
) -> None:
    clock, worker = works.start_clock(), works.start_worker(pool=pool)
    job = ask(dan)
    wait_until(reaches(job, 5))
    for process in (clock, worker):
        process.signal(signal.SIGTERM)
    assert [process.wait() for process in (clock, worker)] == [0, 0]
    stopped = reload(job)
    assert (stopped.state, stopped.attempts, stopped.lease.owner) == ("queued", 0, "")
    kept = kept_checkpoints(works, job)[0]
    assert kept.step >= 5
    works.start_clock()
    works.start_worker(pool=pool)
    done = assert_done_once(works, job)
    assert done.result["began_at_step"] == kept.step
    assert done.attempts == 1


def test_fault_24_of_many_who_cancel_at_once_exactly_one_does(works: Stack, dan: Actor) -> None:
    job = ask(dan)
    told: list[str] = []

    def cancel() -> None:
        try:
            cancel_job(actor=dan, job=Job.objects.get(pk=job.pk))
            told.append("cancelled")
        except (StaleState, WrongState) as error:
            told.append(type(error).__name__)
        finally:
            connections.close_all()

    run_at_once([cancel] * 20)
    assert len(told) == 20
    assert told.count("cancelled") == 1
    assert reload(job).state == "cancelled"


def test_a_hundred_clicks_at_once_make_one_job(works: Stack, dan: Actor) -> None:
    made: list[object] = []

    def click() -> None:
        try:
            made.append(ask(dan).pk)
        finally:
            connections.close_all()

    for _ in range(5):
        run_at_once([click] * 20)
    assert len(made) == 100
    assert set(made) == {Job.objects.get().pk}


def run_at_once(acts: list[Callable[[], None]]) -> None:
    """Run all of them in threads that begin together."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        barrier.wait()
        act()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
