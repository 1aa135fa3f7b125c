"""The running services: who may enter, what they promise, and what they leave behind."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import kombu
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.core.database_roles import LOGIN_ROLES
from portal.embedded.environment import environment_for, variable_of
from portal.embedded.errors import HomeInUse, HomeRefused, ServiceFailed
from portal.embedded.places import Places
from portal.embedded.processes import Process
from portal.embedded.running import Services, running, status_of
from portal.embedded.secrets import read_secret
from portal.embedded.supervisor import Supervisor
from portal.embedded.valkey import SOCKET
from tests.portal.embedded.homes import (
    CHECKOUT,
    make_table,
    processes_of,
    supervised_by_another_process,
    temporary_home,
    wait_until,
)


def ask(services: Services, query: str, role: str = "tb_web", parameters: list[object] | None = None) -> object:
    with psycopg.connect(services.environment[variable_of(role)]) as connection:
        row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None


def broker(services: Services) -> redis.Redis:
    places = Places.of(services.home)
    return redis.Redis(
        unix_socket_path=str(places.sockets() / SOCKET),
        username="portal",
        password=read_secret(places.secrets, "broker_portal"),
    )


# --- the database ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [role.name for role in LOGIN_ROLES])
def test_each_role_enters_with_its_own_address(services: Services, role: str):
    assert ask(services, "SELECT current_user || '@' || current_database()", role) == f"{role}@trabecula"


def test_a_wrong_password_is_refused(services: Services):
    address = services.environment["DATABASE_URL"].replace(":", ":x", 2).replace("postgresql:x", "postgresql:")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address)


def test_no_role_enters_without_a_password(services: Services):
    sockets = Places.of(services.home).sockets()
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(host=str(sockets), user="tb_super", dbname="postgres", passfile="/nonexistent")


def test_the_owner_cannot_log_in(services: Services):
    sockets = Places.of(services.home).sockets()
    with pytest.raises(psycopg.OperationalError, match="tb_owner"):
        psycopg.connect(host=str(sockets), user="tb_owner", dbname="trabecula", password="anything")


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_a_role_enters_the_portals_database_only(services: Services, database: str):
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(services.environment["DATABASE_URL"], dbname=database)


def test_a_new_role_may_not_enter_before_it_is_allowed(services: Services):
    with psycopg.connect(services.superuser_conninfo(), autocommit=True) as connection:
        connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'known'")
        try:
            sockets = str(Places.of(services.home).sockets())
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(host=sockets, user="stranger", password="known", dbname="trabecula")
        finally:
            connection.execute("DROP ROLE stranger")


def test_the_pages_role_makes_no_tables(services: Services):
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for schema public"):
        ask(services, "CREATE TABLE public.x (y int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied to create temporary tables"):
        ask(services, "CREATE TEMPORARY TABLE x (y int)")


def test_a_role_sees_nothing_of_a_schema_before_a_migration_grants_it(services: Services):
    assert ask(services, "SELECT has_schema_privilege('tb_deploy', 'public', 'USAGE')", "tb_deploy") is True
    assert ask(services, "SELECT has_schema_privilege('tb_web', 'public', 'USAGE')") is False


def test_only_the_deploy_role_becomes_the_owner(services: Services):
    assert ask(services, "SELECT set_config('role', 'tb_owner', true)", "tb_deploy") == "tb_owner"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match='permission denied to set role "tb_owner"'):
        ask(services, "SET ROLE tb_owner", "tb_worker")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("log_statement", "none"),
        ("log_min_duration_statement", "-1"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
        ("log_min_error_statement", "panic"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("lock_timeout", "5s"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
    ],
)
def test_the_server_runs_with_its_setting(services: Services, setting: str, value: str):
    assert ask(services, f"SHOW {setting}", "tb_deploy") == value


def test_a_page_may_not_hold_a_statement_for_long_and_a_worker_may(services: Services):
    assert ask(services, "SHOW statement_timeout") == "30s"
    assert ask(services, "SHOW statement_timeout", "tb_worker") == "0"


def test_text_sorts_the_same_on_every_machine(services: Services):
    query = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'trabecula'"
    assert ask(services, query) == "bC.UTF-8"


def test_what_people_typed_does_not_reach_the_log(services: Services):
    with pytest.raises(psycopg.errors.InvalidTextRepresentation, match="Wilhelmina"):
        ask(services, "SELECT 'Wilhelmina'::int")
    with pytest.raises(psycopg.errors.InvalidDatetimeFormat, match="Wilhelmina"):
        ask(services, "SELECT %s::date", parameters=["Wilhelmina"])
    log = Places.of(services.home).logs / "postgres.log"
    assert "database system is ready to accept connections" in log.read_text()
    assert "Wilhelmina" not in log.read_text()


def test_no_password_is_in_any_argv_or_log_or_status(services: Services):
    places = Places.of(services.home)
    secrets = [path.read_text() for path in places.secrets.iterdir()]
    assert len(secrets) > len(LOGIN_ROLES)
    lines = [" ".join(process.cmdline()) for process in processes_of(services.home)]
    texts = [*lines, *(path.read_text() for path in places.logs.iterdir()), places.status.read_text(), repr(services)]
    assert len(lines) > 2
    assert not [secret for secret in secrets for text in texts if secret in text]


# --- the broker -----------------------------------------------------------------------------------------------------


def test_a_message_makes_its_way_by_the_brokers_address(services: Services):
    with kombu.Connection(services.environment["BROKER_URL"]) as connection:
        queue = connection.SimpleQueue("greetings")
        queue.put({"job": 7})
        message = queue.get(timeout=30)
        message.ack()
        queue.close()
    assert message.payload == {"job": 7}


def test_the_broker_lets_nobody_in_without_a_password(services: Services):
    stranger = redis.Redis(
        unix_socket_path=str(Places.of(services.home).sockets() / SOCKET), protocol=2, retry=Retry(NoBackoff(), 0)
    )
    with pytest.raises(redis.AuthenticationError, match="Authentication required"):
        stranger.ping()


@pytest.mark.parametrize("command", ["FLUSHALL", "CONFIG GET dir", "SHUTDOWN", "ACL LIST", "KEYS *"])
def test_the_portal_may_not_administer_the_broker(services: Services, command: str):
    with pytest.raises(redis.exceptions.NoPermissionError, match="has no permissions to run"):
        broker(services).execute_command(*command.split())


def test_the_broker_acknowledges_only_what_is_on_the_disk(services: Services):
    assert broker(services).info("persistence")["aof_enabled"] == 1
    settings = (Places.of(services.home).valkey / "valkey.conf").read_text().splitlines()
    assert "appendfsync always" in settings


def test_the_broker_drops_no_message_to_make_room(services: Services):
    information = broker(services).info("memory")
    assert (information["maxmemory_policy"], information["maxmemory_human"]) == ("noeviction", "256.00M")


# --- folders --------------------------------------------------------------------------------------------------------


def test_the_sockets_are_private(services: Services):
    places = Places.of(services.home)
    assert places.sockets().stat().st_mode & 0o777 == 0o700
    assert places.sockets().stat().st_uid == places.account.uid
    assert places.data.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="as a person the services run as that person")
def test_roots_services_run_as_their_own_user(services: Services):
    assert {process.username() for process in processes_of(services.home)} == {"trabecula"}


def test_a_home_under_a_closed_parent_works_and_no_parents_mode_changes(tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o700)
    parents = [closed, *closed.parents, *Path(sys.prefix).parents]
    before = {path: path.stat().st_mode for path in parents}
    with temporary_home(closed / "home") as home, running(home, reserve_mb=0) as services:
        assert ask(services, "SELECT 1") == 1
        assert {path: path.stat().st_mode for path in parents} == before


def test_a_home_whose_path_is_too_long_for_a_socket_works(tmp_path: Path):
    deep = tmp_path / ("d" * 60) / ("e" * 60) / "home"
    assert len(os.fsencode(deep)) > 107
    with temporary_home(deep) as home, running(home, reserve_mb=0) as services:
        assert ask(services, "SELECT 1") == 1
        assert broker(services).ping()


def test_a_home_with_blanks_and_signs_in_its_name_works(tmp_path: Path):
    with temporary_home(tmp_path / 'Ann\'s "home" & 100 % ü \\ {}') as home, running(home, reserve_mb=0) as services:
        assert ask(services, "SELECT 1") == 1


def test_two_homes_run_at_once_and_know_nothing_of_each_other(services: Services, used_home: Path):
    with running(used_home, reserve_mb=0) as other:
        make_table(other)
        assert ask(other, "SELECT to_regclass('written') IS NOT NULL") is True
        assert ask(services, "SELECT to_regclass('written') IS NOT NULL") is False
        address = other.environment["DATABASE_URL"].split("host=")[1]
        crossed = services.environment["DATABASE_URL"].split("host=")[0] + f"host={address}"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(crossed)
    assert ask(services, "SELECT 1") == 1


# --- start, join, stop ----------------------------------------------------------------------------------------------


def test_a_second_start_finds_what_the_first_one_kept_and_changes_no_role(used_home: Path):
    query = "SELECT array_agg(rolpassword ORDER BY rolname)::text FROM pg_authid"

    def verifiers(services: Services) -> object:
        with psycopg.connect(services.superuser_conninfo()) as connection:
            return connection.execute(query).fetchone()

    with running(used_home, reserve_mb=0) as services:
        make_table(services)
        first = verifiers(services)
    with running(used_home, reserve_mb=0) as services:
        assert ask(services, "SELECT to_regclass('written') IS NOT NULL") is True
        assert verifiers(services) == first


def test_a_lost_password_of_a_role_is_renewed_at_the_next_start(used_home: Path):
    with running(used_home, reserve_mb=0):
        pass
    (used_home / "secrets" / "database_tb_web").unlink()
    with running(used_home, reserve_mb=0) as services:
        assert ask(services, "SELECT current_user::text") == "tb_web"


def test_a_lost_password_of_the_superuser_is_refused_in_words(home: Path):
    with running(home, reserve_mb=0):
        pass
    secret = home / "secrets" / "postgres_superuser"
    kept = secret.rename(home / "kept")
    with pytest.raises(HomeRefused, match=r"postgres_superuser is missing, .* put the file back"), running(home):
        pass
    secret.write_text("another")
    secret.chmod(0o600)
    with pytest.raises(ServiceFailed, match=r"the password in .*postgres_superuser is not that of"), running(home):
        pass
    assert processes_of(home) == []
    secret.unlink()
    kept.rename(secret)
    with running(home) as services:
        assert ask(services, "SELECT 1") == 1


def test_a_cluster_of_another_major_version_is_refused(home: Path):
    with running(home, reserve_mb=0):
        pass
    (Places.of(home).data / "PG_VERSION").write_text("15\n")
    with pytest.raises(HomeRefused, match="is of PostgreSQL 15, and the programs are 18"), running(home):
        pass


def test_a_loosened_setting_is_put_right_at_the_next_start(used_home: Path):
    with running(used_home, reserve_mb=0):
        pass
    (Places.of(used_home).data / "pg_hba.conf").write_text("local all all trust\n")
    with running(used_home, reserve_mb=0) as services:
        test_no_role_enters_without_a_password(services)


def test_a_clean_stop_leaves_no_process_and_no_lock(used_home: Path):
    places = Places.of(used_home)
    with running(used_home, reserve_mb=0):
        assert len(processes_of(used_home)) > 2
        assert places.sockets().exists()
        assert status_of(used_home)["stage"] == "ready"
    assert processes_of(used_home) == []
    assert status_of(used_home)["stage"] == "stopped"
    if places.account.is_another:
        assert not places.sockets().exists()
    assert "database system is shut down" in (used_home / "logs" / "postgres.log").read_text()


def test_who_comes_second_joins_and_does_not_stop_what_it_joined(used_home: Path):
    with supervised_by_another_process(used_home):
        with running(used_home) as services:
            assert services.supervisor is None
            assert ask(services, "SELECT 1") == 1
        assert ask(services, "SELECT 1") == 1


def test_two_that_start_at_once_share_one_server(home: Path):
    found: list[bool] = []
    together = threading.Barrier(2)

    def start() -> None:
        together.wait()
        with running(home, reserve_mb=0) as services:
            found.append(services.supervisor is None)
            assert ask(services, "SELECT 1") == 1
            together.wait()

    starters = [threading.Thread(target=start) for _ in range(2)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert sorted(found) == [False, True]


def test_a_second_supervisor_is_refused_and_told_who_is_first(used_home: Path):
    with supervised_by_another_process(used_home) as first:
        with pytest.raises(HomeInUse, match=f"is supervised by process {first.pid}; stop that one first"):
            Supervisor(used_home).start()
        assert status_of(used_home)["stage"] == "ready"


def test_a_start_that_fails_leaves_nothing_running(used_home: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(_places: Places) -> None:
        assert len(processes_of(used_home)) > 2
        raise ServiceFailed("the roles cannot be made")

    monkeypatch.setattr("portal.embedded.supervisor.prepare_cluster", fail)
    with pytest.raises(ServiceFailed, match="the roles cannot be made"):
        Supervisor(used_home, reserve_mb=0).start()
    assert processes_of(used_home) == []
    assert status_of(used_home)["stage"] == "stopped"


def test_the_portals_own_processes_are_stopped_before_the_services(used_home: Path):
    with running(used_home, reserve_mb=0) as services:
        assert services.supervisor is not None
        # It can only say so if the database is still there when it is told to go.
        script = (
            "import os, signal, sys, psycopg\n"
            "connection = psycopg.connect(os.environ['DATABASE_URL'])\n"
            "def leave(*_):\n"
            "    connection.execute('SELECT 1')\n"
            "    sys.exit(sys.stdout.write('left in order\\n') and 0)\n"
            "signal.signal(signal.SIGTERM, leave)\n"
            "print('at work', flush=True)\n"
            "while True: signal.pause()\n"
        )
        process = Process("web", (sys.executable, "-c", script), {**os.environ, **services.environment}, used_home)
        services.supervisor.add(process)
        services.supervisor.wait_until_ready("web")
        log = used_home / "logs" / "web.log"
        wait_until(lambda: "at work" in log.read_text(), "the process works")
        with pytest.raises(ValueError, match="a process named 'web' is supervised already"):
            services.supervisor.add(process)
    assert "left in order" in log.read_text()


def test_a_removed_process_is_stopped_and_its_name_is_free_again(used_home: Path):
    with running(used_home, reserve_mb=0) as services:
        assert services.supervisor is not None
        process = Process("web", ("/bin/sleep", "1000"), {}, used_home)
        services.supervisor.add(process)
        services.supervisor.wait_until_ready("web")
        services.supervisor.remove("web")
        assert services.supervisor.find("web") is None
        services.supervisor.add(process)
        with pytest.raises(ValueError, match="no process named 'clock' is supervised"):
            services.supervisor.remove("clock")


# --- the command line -----------------------------------------------------------------------------------------------


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "portal.embedded", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_say_what_is_up_and_stop_it(used_home: Path):
    assert command("status", str(used_home)).returncode == 1
    with supervised_by_another_process(used_home) as first:
        status = command("status", str(used_home))
        assert status.returncode == 0
        assert '"stage": "ready"' in status.stdout
        refused = command("run", str(used_home))
        assert refused.returncode == 2
        assert refused.stderr.endswith(f"is supervised by process {first.pid}; stop that one first\n")
        assert command("remove", str(used_home), "--yes").returncode == 2
        assert command("stop", str(used_home)).stdout == "stopped\n"
        assert first.wait() == 0
        assert processes_of(used_home) == []
    assert command("stop", str(used_home)).stdout == "nothing runs there\n"


def test_the_environment_can_be_read_by_a_shell(services: Services):
    script = command("env", str(services.home)).stdout + 'printf %s "$DATABASE_URL"'
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout == services.environment["DATABASE_URL"]


def test_a_removed_home_is_gone_and_its_database_with_it(home: Path):
    with running(home, reserve_mb=0):
        pass
    places = Places.of(home)
    sockets = places.sockets()
    assert places.data.is_dir()
    assert command("remove", str(home)).returncode == 2
    assert places.data.is_dir()
    assert command("remove", str(home), "--yes").returncode == 0
    assert not home.exists()
    assert not places.data.exists()
    assert not sockets.exists()


def test_only_a_home_can_be_removed(tmp_path: Path):
    (tmp_path / "documents").mkdir()
    refused = command("remove", str(tmp_path / "documents"), "--yes")
    assert "is not a home of the portal; nothing was deleted" in refused.stderr
    assert (tmp_path / "documents").is_dir()


# --- the environment ------------------------------------------------------------------------------------------------


def test_a_process_gets_only_the_roles_it_works_with(services: Services):
    found = environment_for(services.home, roles={"tb_worker"})
    assert [name for name in found if name.startswith("DATABASE_URL")] == ["DATABASE_URL_WORKER"]


def test_an_unknown_role_is_refused(services: Services):
    with pytest.raises(ValueError, match="no such database role: tb_nobody"):
        environment_for(services.home, roles={"tb_nobody"})


# --- an ordinary user -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="every test of this run is one by an ordinary user already")
def test_an_ordinary_user_runs_the_services_too(tmp_path: Path):
    python, runuser = shutil.which("python3", path="/usr/bin"), shutil.which("runuser")
    packages = Path(psycopg.__file__).parents[1]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if python is None or runuser is None or Path(os.path.realpath(python)).name != f"python{version}":
        pytest.skip(f"no Python {version} in /usr/bin that another user could run")
    readable = [runuser, "-u", "nobody", "--", "/usr/bin/test", "-r", str(packages / "psycopg" / "__init__.py")]
    if subprocess.run(readable, check=False).returncode != 0:
        pytest.skip("another user cannot read this virtual environment")
    theirs = Path("/tmp") / f"trabecula-test-{os.getpid()}"
    theirs.mkdir(mode=0o700)
    shutil.chown(theirs, "nobody")
    script = (
        "import os, sys, psycopg\n"
        "from portal.embedded.removing import remove_home\n"
        "from portal.embedded.places import Places\n"
        "from portal.embedded.running import running\n"
        "with running(sys.argv[1], reserve_mb=1) as services:\n"
        "    with psycopg.connect(services.environment['DATABASE_URL']) as connection:\n"
        "        print(connection.execute('SELECT current_user').fetchone()[0])\n"
        "    places = Places.of(sys.argv[1])\n"
        "    print(places.data.stat().st_uid == os.getuid(), places.data.parent == places.home)\n"
        "remove_home(sys.argv[1])\n"
    )
    try:
        done = subprocess.run(
            [runuser, "-u", "nobody", "--", python, "-c", script, str(theirs / "home")],
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{CHECKOUT}:{packages}"},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        shutil.rmtree(theirs)
    assert (done.stdout, done.returncode) == ("tb_web\nTrue True\n", 0), done.stderr


def test_the_signal_to_leave_is_obeyed(used_home: Path):
    with supervised_by_another_process(used_home) as first:
        first.send_signal(signal.SIGTERM)
        assert first.wait() == 0
        assert processes_of(used_home) == []
