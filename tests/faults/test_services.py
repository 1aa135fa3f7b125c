"""Faults of the embedded services, provoked for real: killed servers, stale files, a full disk, deleted folders.

What is asserted is what survives. No figure of time is: how quickly a service is back is for the benchmark to say.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from portal.embedded.errors import HomeInUse
from portal.embedded.places import Places
from portal.embedded.processes import Process, State, StopStep
from portal.embedded.running import Services, running
from portal.embedded.secrets import read_secret
from portal.embedded.supervisor import Supervisor
from portal.embedded.survivors import birth_of, find_processes
from portal.embedded.valkey import SOCKET
from tests.portal.embedded.homes import (
    forget_the_past,
    make_table,
    postgres_of,
    processes_of,
    supervised_by_another_process,
    temporary_home,
    wait_until,
)

pytestmark = pytest.mark.fault

WRITERS = 4
ROUNDS = 3
ENOUGH = 100
"""Acknowledged writes that each writer makes before the next blow falls."""


@pytest.fixture(scope="module")
def _made_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with temporary_home(tmp_path_factory.mktemp("made") / "home") as path:
        with running(path, reserve_mb=0):
            pass
        yield path


@pytest.fixture
def home(_made_home: Path) -> Path:
    """Give a home that ran before and is stopped now."""
    return forget_the_past(_made_home)


@pytest.fixture
def services(home: Path) -> Iterator[Services]:
    """Give services to be broken."""
    with running(home, reserve_mb=0) as up:
        yield up


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue


def postmaster_of(home: Path) -> psutil.Process:
    places = Places.of(home)
    found = find_processes(places.account.uid, lambda command: command[1:3] == ["-D", str(places.data)])
    return next(found)


def count(services: Services) -> int:
    with psycopg.connect(services.environment["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT count(*) FROM written").fetchone()
    assert row is not None
    return int(row[0])


def write(services: Services, number: int) -> None:
    with psycopg.connect(services.environment["DATABASE_URL"]) as connection:
        connection.execute("INSERT INTO written VALUES (0, %s)", [number])


def wait_for_start(services: Services, name: str, start: int) -> None:
    supervisor = services.supervisor
    assert supervisor is not None
    kept = supervisor.find(name)
    assert kept is not None
    wait_until(lambda: kept.starts >= start and kept.state is State.READY, f"{name} is ready for the {start}. time")


class Writer(threading.Thread):
    """Writes numbered rows, one commit each, and remembers which were acknowledged; comes back after every crash."""

    def __init__(self, address: str, writer: int) -> None:
        super().__init__(name=f"writer-{writer}")
        self.address, self.writer = address, writer
        self.acknowledged: list[int] = []
        self.leave = threading.Event()
        self.n_failed = 0

    def run(self) -> None:
        number = 0
        while not self.leave.is_set():
            try:
                with psycopg.connect(self.address, autocommit=True) as connection:
                    while not self.leave.is_set():
                        number += 1
                        connection.execute("INSERT INTO written VALUES (%s, %s)", [self.writer, number])
                        self.acknowledged.append(number)
            except psycopg.OperationalError:
                self.n_failed += 1
                self.leave.wait(0.02)


class Sender(threading.Thread):
    """Sends numbered messages and remembers which the broker acknowledged."""

    def __init__(self, home: Path) -> None:
        super().__init__(name="sender")
        self.home = home
        self.acknowledged: list[int] = []
        self.leave = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.leave.is_set():
            try:
                with broker(self.home) as connection:
                    while not self.leave.is_set():
                        number += 1
                        connection.rpush("queue", number)
                        self.acknowledged.append(number)
            except redis.RedisError:
                self.leave.wait(0.02)


def broker(home: Path) -> redis.Redis:
    places = Places.of(home)
    return redis.Redis(
        unix_socket_path=str(places.sockets() / SOCKET),
        username="portal",
        password=read_secret(places.secrets, "broker_portal"),
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
    )


# --- 1, 2: killed database servers ----------------------------------------------------------------------------------


def test_no_acknowledged_commit_is_lost_when_every_database_process_is_killed(services: Services, home: Path):
    make_table(services)
    writers = [Writer(services.environment["DATABASE_URL"], number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        for blow in range(ROUNDS):
            before = [len(writer.acknowledged) for writer in writers]
            wait_until(
                lambda before=before: all(
                    len(w.acknowledged) >= n + ENOUGH for w, n in zip(writers, before, strict=True)
                ),
                "each writer has written enough",
            )
            victims = postgres_of(home)
            assert len(victims) > WRITERS
            kill(victims)
            wait_for_start(services, "postgres", blow + 2)
    finally:
        for writer in writers:
            writer.leave.set()
        for writer in writers:
            writer.join()
    assert all(writer.n_failed >= ROUNDS for writer in writers)
    with psycopg.connect(services.environment["DATABASE_URL"]) as connection:
        found = set(connection.execute("SELECT writer, number FROM written").fetchall())
    acknowledged = {(writer.writer, number) for writer in writers for number in writer.acknowledged}
    assert len(acknowledged) >= WRITERS * ROUNDS * ENOUGH
    assert acknowledged - found == set()


def test_a_killed_postmaster_is_replaced_only_when_its_busy_backends_are_gone(services: Services, home: Path):
    make_table(services)
    write(services, 1)
    busy = psycopg.connect(services.environment["DATABASE_URL_WORKER"])
    backend = busy.info.backend_pid
    birth = birth_of(backend)
    assert birth is not None
    ended: list[type[BaseException]] = []

    def be_busy() -> None:
        try:
            # Never waits, so it does not notice that the postmaster is gone.
            busy.execute("SELECT count(*) FROM generate_series(1, 100000000000)")
        except psycopg.OperationalError as error:
            ended.append(type(error))

    worker = threading.Thread(target=be_busy)
    worker.start()
    wait_until(lambda: psutil.Process(backend).cpu_times().user > 0.2, "the backend is busy")
    kill([postmaster_of(home)])
    wait_for_start(services, "postgres", 2)
    assert birth_of(backend) != birth
    worker.join()
    assert len(ended) == 1
    assert count(services) == 1
    write(services, 2)
    busy.close()


def test_one_killed_backend_does_not_end_the_server(services: Services):
    make_table(services)
    write(services, 1)
    victim = psycopg.connect(services.environment["DATABASE_URL"])
    kill([psutil.Process(victim.info.backend_pid)])
    with pytest.raises(psycopg.OperationalError):
        victim.execute("SELECT 1")
    victim.close()

    def answers() -> bool:
        try:
            return count(services) == 1
        except psycopg.OperationalError:
            return False

    wait_until(answers, "the server is back")
    assert services.supervisor is not None
    kept = services.supervisor.find("postgres")
    assert kept is not None
    assert kept.starts == 1


# --- 6, 7: the broker -----------------------------------------------------------------------------------------------


def test_no_acknowledged_message_is_lost_when_the_broker_is_killed(services: Services, home: Path):
    with broker(home) as connection:
        connection.delete("queue")
    sender = Sender(home)
    sender.start()
    kept = services.supervisor.find("valkey") if services.supervisor else None
    assert kept is not None
    try:
        for blow in range(ROUNDS):
            enough = len(sender.acknowledged) + ENOUGH
            wait_until(lambda enough=enough: len(sender.acknowledged) >= enough, "enough messages are sent")
            assert kept.pid is not None
            os.kill(kept.pid, signal.SIGKILL)
            wait_for_start(services, "valkey", blow + 2)
    finally:
        sender.leave.set()
        sender.join()
    with broker(home) as connection:
        found = {int(number) for number in connection.lrange("queue", 0, -1)}
    assert len(sender.acknowledged) >= ROUNDS * ENOUGH
    assert set(sender.acknowledged) - found == set()


def test_a_broker_whose_folder_was_deleted_comes_back_empty_and_works(services: Services, home: Path):
    with broker(home) as connection:
        connection.delete("queue")
        connection.rpush("queue", "a message")
        assert connection.llen("queue") == 1
    shutil.rmtree(Places.of(home).valkey)
    kept = services.supervisor.find("valkey") if services.supervisor else None
    assert kept is not None
    assert kept.pid is not None
    os.kill(kept.pid, signal.SIGKILL)
    wait_for_start(services, "valkey", 2)
    with broker(home) as connection:
        assert connection.llen("queue") == 0
        assert connection.rpush("queue", "sent again") == 1


# --- 10: a full disk ------------------------------------------------------------------------------------------------


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Path]:
    """Give a path for a home of its own, deleted afterwards."""
    with temporary_home(tmp_path / "home") as path:
        yield path


@pytest.fixture
def small_disk(new_home: Path) -> Iterator[Path]:
    """Give the folder of the new home's cluster on a disk of its own of 320 MB, or skip."""
    places = Places.of(new_home)
    if not places.account.is_another:
        pytest.skip("only root can mount a small disk")
    places.cluster.mkdir(parents=True)
    options = f"size=320m,mode=0700,uid={places.account.uid},gid={places.account.gid}"
    mount = ["mount", "-t", "tmpfs", "-o", options, "trabecula-test", str(places.cluster)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        places.cluster.rmdir()
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield places.cluster
    finally:
        subprocess.run(["umount", "--lazy", str(places.cluster)], check=True)


def fill(disk: Path) -> Path:
    """Fill the disk to the last byte with a file."""
    filler = disk / "filler"
    with filler.open("wb") as stream:
        try:
            while True:
                stream.write(b"x" * 65536)
                stream.flush()
        except OSError:
            return filler


def write_until_the_server_stops(services: Services) -> int:
    """Commit row after row on a full disk, with much to log for each; return the last one acknowledged."""
    acknowledged = 0
    try:
        with psycopg.connect(services.environment["DATABASE_URL"]) as connection:
            while True:
                connection.execute("INSERT INTO written VALUES (1, %s)", [acknowledged + 1])
                # Fills the log of changes and nothing else: a table that cannot grow is only an error, no stop.
                connection.execute("SELECT pg_logical_emit_message(true, 'filler', repeat('x', 200000))")
                connection.commit()
                acknowledged += 1
    except psycopg.OperationalError:
        return acknowledged


def test_a_full_disk_stops_the_database_and_the_reserve_brings_it_back_with_every_row(new_home: Path, small_disk: Path):
    with running(new_home, reserve_mb=32) as services:
        assert services.supervisor is not None
        places = services.supervisor.places
        assert places.reserve.stat().st_size == 32 * 1024 * 1024
        make_table(services)
        write(services, 0)
        filler = fill(small_disk)
        assert shutil.disk_usage(small_disk).free == 0
        acknowledged = write_until_the_server_stops(services)
        assert acknowledged > 0
        wait_until(lambda: not places.reserve.exists(), "the reserve is given up")
        wait_for_start(services, "postgres", 2)
        # The row that was being committed when the server stopped may be there or not.
        assert count(services) - 1 in {acknowledged, acknowledged + 1}
        assert services.supervisor.alarms["postgres"].startswith("the disk is full: the reserve was deleted so that")
        assert "the disk is full" in services.supervisor.events.path.read_text()
        filler.unlink()
    with running(new_home, reserve_mb=32) as services:
        assert services.supervisor is not None
        assert places.reserve.exists()
        assert "the disk is full" not in services.supervisor.alarms.get("postgres", "")
        write(services, 1)


def test_a_disk_that_is_nearly_full_is_an_alarm_before_anything_stops(new_home: Path, small_disk: Path):
    with running(new_home, reserve_mb=0) as services:
        assert services.supervisor is not None
        assert services.supervisor.alarms == {}
        fill(small_disk)
        wait_until(lambda: "postgres" in services.supervisor.alarms, "the alarm is raised")
        assert services.supervisor.alarms["postgres"] == f"only 0 MB are free on the disk of {small_disk}"
        assert psycopg.connect(services.environment["DATABASE_URL"]).execute("SELECT 1").fetchone() == (1,)


# --- 20: two supervisors --------------------------------------------------------------------------------------------


def test_a_second_supervisor_on_one_home_is_refused_and_the_first_goes_on(services: Services, home: Path):
    before = {process.pid for process in processes_of(home)}
    with pytest.raises(HomeInUse, match=f"is supervised by process {os.getpid()}; stop that one first"):
        Supervisor(home).start()
    make_table(services)
    assert count(services) == 0
    assert postmaster_of(home).pid in before


# --- killed supervisors ---------------------------------------------------------------------------------------------


def test_no_service_outlives_a_killed_supervisor(home: Path):
    with supervised_by_another_process(home) as supervisor:
        assert len(processes_of(home)) > 2
        supervisor.kill()
        supervisor.wait()
        wait_until(lambda: processes_of(home) == [], "every service is gone")
    with running(home, reserve_mb=0) as services:
        make_table(services)
        assert count(services) == 0


def test_a_new_supervisor_may_start_while_the_services_of_a_killed_one_are_still_leaving(home: Path):
    with supervised_by_another_process(home) as supervisor:
        make_table(_joined(home))
        supervisor.kill()
        supervisor.wait()
        with running(home, reserve_mb=0) as services:
            assert services.supervisor is not None
            assert count(services) == 0


def _joined(home: Path) -> Services:
    with running(home) as services:
        assert services.supervisor is None
        return services


def test_services_that_outlived_their_supervisor_are_ended_before_new_ones_start(home: Path):
    with running(home, reserve_mb=0) as services:
        make_table(services)
        write(services, 1)
    supervisor = Supervisor(home)
    process = supervisor.postgres.process()
    supervisor.places.make_sockets(supervisor.places.sockets())
    # Started by nobody who would take it along: an orphan that holds the data.
    orphan = subprocess.Popen(
        process.argv,
        cwd=process.cwd,
        env=dict(process.environment),
        user=process.account.uid if process.account and process.account.is_another else None,
        group=process.account.gid if process.account and process.account.is_another else None,
        extra_groups=[] if process.account and process.account.is_another else None,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(supervisor.postgres.is_ready, "the orphan works")
        with running(home, reserve_mb=0) as services:
            assert postmaster_of(home).pid != orphan.pid
            assert count(services) == 1
    finally:
        orphan.kill()
        orphan.wait()
    assert "outlived its supervisor and was stopped" in (home / "logs" / "supervisor.log").read_text()


def test_a_process_of_the_portal_does_not_outlive_a_killed_supervisor(home: Path, tmp_path: Path):
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from portal.embedded.processes import Process\n"
        "from portal.embedded.running import running\n"
        "with running(sys.argv[1], reserve_mb=0) as services:\n"
        "    services.supervisor.add(Process('web', ('/bin/sleep', '100000'), {}, Path('/')))\n"
        "    services.supervisor.wait_until_ready('web')\n"
        "    print(services.supervisor.find('web').pid, flush=True)\n"
        "    time.sleep(100000)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    web = int(child.stdout.readline())
    birth = birth_of(web)
    assert birth is not None
    child.kill()
    child.wait()
    child.stdout.close()
    wait_until(lambda: birth_of(web) != birth, "the process of the portal is gone")
    wait_until(lambda: processes_of(home) == [], "every service is gone")


def test_a_process_that_ignored_its_supervisors_death_is_ended_before_the_next_start(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from portal.embedded.processes import Process\n"
        "from portal.embedded.running import running\n"
        "deaf = \"trap '' TERM; echo deaf; while :; do sleep 0.1; done\"\n"
        "with running(sys.argv[1], reserve_mb=0) as services:\n"
        "    services.supervisor.add(Process('web', ('/bin/sh', '-c', deaf), {}, Path('/')))\n"
        "    services.supervisor.wait_until_ready('web')\n"
        "    while 'deaf' not in (services.home / 'logs' / 'web.log').read_text(): time.sleep(0.02)\n"
        "    print(services.supervisor.find('web').pid, flush=True)\n"
        "    time.sleep(100000)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    web = int(child.stdout.readline())
    birth = birth_of(web)
    wait_until(lambda: str(web) in Places.of(home).status.read_text(), "it is written down")
    child.kill()
    child.wait()
    child.stdout.close()
    wait_until(lambda: processes_of(home) == [], "the services are gone")
    assert birth_of(web) == birth, "it did not ignore the signal"
    monkeypatch.setattr("portal.embedded.supervisor.POLITE_STOP", (StopStep(signal.SIGTERM, 0.2),))
    with running(home, reserve_mb=0):
        assert birth_of(web) != birth


# --- 26: zombies ----------------------------------------------------------------------------------------------------


@pytest.fixture
def zombies() -> Iterator[list[int]]:
    """Give a thousand dead children that nobody has reaped."""
    dead = [os.posix_spawn("/bin/true", ["true"], {}) for _ in range(1000)]
    wait_until(lambda: psutil.Process(dead[-1]).status() == psutil.STATUS_ZOMBIE, "the last child is dead")
    yield dead
    for pid in dead:
        os.waitpid(pid, 0)


def test_a_killed_server_is_noticed_among_a_thousand_zombies(services: Services, home: Path, zombies: list[int]):
    make_table(services)
    write(services, 1)
    kill([postmaster_of(home)])
    wait_for_start(services, "postgres", 2)
    assert count(services) == 1


def test_a_zombies_pid_in_the_lock_file_does_not_keep_the_database_down(home: Path):
    with running(home, reserve_mb=0) as services:
        make_table(services)
    zombie = start_a_stranger(home, "/bin/true")
    wait_until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE, "it is dead and not reaped")
    leave_lock_file(home, zombie.pid)
    with running(home, reserve_mb=0) as services:
        assert count(services) == 0
    zombie.wait()


# --- 29: logs -------------------------------------------------------------------------------------------------------


def test_services_stay_up_when_their_logs_cannot_be_written_and_an_alarm_says_so(services: Services, home: Path):
    make_table(services)
    assert services.supervisor is not None
    assert services.supervisor.alarms == {}
    shutil.rmtree(home / "logs")
    (home / "logs").write_text("a file where the folder was")
    kill(postgres_of(home))
    wait_for_start(services, "postgres", 2)
    assert count(services) == 0
    assert "cannot be written" in services.supervisor.alarms["postgres.log"]
    assert "cannot be written" in services.supervisor.alarms["supervisor.log"]
    (home / "logs").unlink()
    (home / "logs").mkdir(mode=0o700)
    kill(postgres_of(home))
    wait_for_start(services, "postgres", 3)
    wait_until(lambda: "postgres.log" not in services.supervisor.alarms, "the alarm is over")
    assert "ready to accept connections" in (home / "logs" / "postgres.log").read_text()


def test_a_log_that_was_rotated_away_is_an_alarm_and_no_stop(services: Services, home: Path):
    make_table(services)
    assert services.supervisor is not None
    (home / "logs" / "postgres.log").rename(home / "logs" / "postgres.log.old")
    wait_until(lambda: "postgres.log" in services.supervisor.alarms, "the alarm is raised")
    assert "was taken away" in services.supervisor.alarms["postgres.log"]
    assert count(services) == 0


# --- 30: stale lock files -------------------------------------------------------------------------------------------


def start_a_stranger(home: Path, *argv: str) -> "subprocess.Popen[bytes]":
    """Start a program as the services' user: PostgreSQL pays heed only to a pid that it may send signals to."""
    account = Places.of(home).account
    if not account.is_another:
        return subprocess.Popen(argv)
    return subprocess.Popen(argv, user=account.uid, group=account.gid, extra_groups=[], cwd="/")


def leave_lock_file(home: Path, pid: int) -> None:
    """Write a postmaster.pid as a crashed server would have left it, whose pid somebody else has now."""
    places = Places.of(home)
    lock = places.data / "postmaster.pid"
    lock.write_text(f"{pid}\n{places.data}\n{int(time.time())}\n5432\n{places.sockets()}\n\n  1234567   0\nready\n")
    lock.chmod(0o600)
    places.account.own(lock)


def test_a_strangers_pid_in_the_lock_file_does_not_keep_the_database_down(home: Path):
    with running(home, reserve_mb=0) as services:
        make_table(services)
    stranger = start_a_stranger(home, "/bin/sleep", "100000")
    try:
        leave_lock_file(home, stranger.pid)
        places = Places.of(home)
        places.make_sockets(places.sockets())
        socket_lock = places.sockets() / ".s.PGSQL.5432.lock"
        socket_lock.write_text((Places.of(home).data / "postmaster.pid").read_text())
        Places.of(home).account.own(socket_lock)
        with running(home, reserve_mb=0) as services:
            assert count(services) == 0
        assert stranger.poll() is None, "the stranger was hurt"
    finally:
        stranger.kill()
        stranger.wait()


def test_the_sockets_folder_may_vanish_while_the_services_are_down(home: Path):
    with running(home, reserve_mb=0) as services:
        make_table(services)
    shutil.rmtree(Places.of(home).sockets(), ignore_errors=True)
    with running(home, reserve_mb=0) as services:
        assert count(services) == 0


def test_the_sockets_folder_may_vanish_while_the_services_are_up(services: Services, home: Path):
    make_table(services)
    shutil.rmtree(Places.of(home).sockets())
    assert services.supervisor is not None
    wait_until(
        lambda: services.supervisor.alarms.get("postgres") == "postgres runs, but does not answer", "it is noticed"
    )
    kill([postmaster_of(home)])
    wait_for_start(services, "postgres", 2)
    assert count(services) == 0


def test_a_process_of_the_portal_is_started_again_after_a_kill(services: Services, home: Path):
    assert services.supervisor is not None
    services.supervisor.add(Process("web", ("/bin/sleep", "100000"), {}, home))
    services.supervisor.wait_until_ready("web")
    kept = services.supervisor.find("web")
    assert kept is not None
    assert kept.pid is not None
    os.kill(kept.pid, signal.SIGKILL)
    wait_for_start(services, "web", 2)
