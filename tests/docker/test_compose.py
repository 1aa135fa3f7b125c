"""The compose file: every value is asked for, no secret has a default, and each service holds only what it needs."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from docker.make_secrets import make_secrets

DOCKER = Path(__file__).parents[2] / "docker"
TEXT = (DOCKER / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (DOCKER / "env.example").read_text()
MADE_BY_HAND = {"tls_certificate", "tls_key"}


def get_secrets(service: str) -> set[str]:
    return set(SERVICES[service].get("secrets", []))


def read_example() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", TEXT))
    assert "LISTEN" in used
    assert used <= set(read_example())


def test_every_variable_is_asked_for_with_words_and_none_has_a_default() -> None:
    uses = re.findall(r"\$\{([^}]*)\}", TEXT)
    assert len(uses) > 10
    assert [use for use in uses if not re.fullmatch(r"[A-Z_]+:\?.*set [A-Z_]+.*", use)] == []


def test_no_secret_stands_in_the_example_or_in_the_compose_file() -> None:
    names = {name.upper() for name in make_secrets()}
    assert {"SECRET_KEY", "DATABASE_URL", "BROKER_URL"} <= names
    assert names.isdisjoint(read_example())
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if name.removesuffix("_FILE") in names | {"POSTGRES_PASSWORD", "PGPASSWORD"}:
                assert name.endswith("_FILE"), name
                assert value.startswith("/run/secrets/"), value


def test_each_secret_is_a_file_that_is_made_and_given_to_somebody() -> None:
    declared = set(COMPOSE["secrets"])
    assert declared == set().union(*(get_secrets(name) for name in SERVICES))
    assert declared <= set(make_secrets()) | MADE_BY_HAND
    for name in declared - MADE_BY_HAND:
        assert COMPOSE["secrets"][name]["file"].endswith(f"}}/{name}")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_names_exactly_the_secret_files_it_is_given(name: str) -> None:
    service = SERVICES[name]
    used = re.findall(r"/run/secrets/(\w+)", str(service.get("environment", {})) + str(service.get("command", "")))
    if name == "nginx":
        used = re.findall(r"/run/secrets/(\w+)", (DOCKER / "nginx.conf").read_text())
    assert set(used) == get_secrets(name)


def test_the_scorer_alone_holds_the_scorers_address_and_nothing_else() -> None:
    assert get_secrets("scorer") == {"database_url_scorer"}
    assert [name for name in SERVICES if "database_url_scorer" in get_secrets(name)] == ["scorer"]


def test_the_scorer_and_the_broker_share_no_network() -> None:
    assert SERVICES["scorer"]["networks"] == ["vault"]
    assert [name for name, service in SERVICES.items() if "vault" in service["networks"]] == ["postgres", "scorer"]


SNAPSHOTS_AND_IMAGES = {"database_url_snapshot", "deid_key"}
"""What the worker that reads uploads and builds snapshots needs besides; the one that trains does not."""


@pytest.mark.parametrize(("name", "besides"), [("worker-web", SNAPSHOTS_AND_IMAGES), ("worker-gpu", set())])
def test_a_worker_holds_no_key_of_names_sessions_or_another_role(name: str, besides: set[str]) -> None:
    assert get_secrets(name) == {"secret_key_worker", "database_url_worker", "broker_url", *besides}


def test_only_nginx_publishes_a_port_and_the_example_keeps_it_on_loopback() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert read_example()["LISTEN"].startswith("127.0.0.1:")
    assert COMPOSE["networks"]["inside"] == COMPOSE["networks"]["vault"] == {"internal": True}


def test_our_own_services_are_read_only_and_without_capabilities() -> None:
    ours = {name: service for name, service in SERVICES.items() if "trabecula" in service["image"]}
    assert set(ours) == {"roles", "migrate", "web", "worker-web", "worker-gpu", "clock", "scorer"}
    for name, service in ours.items():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name


def test_two_queues_are_served_and_there_is_one_clock() -> None:
    commands = {name: " ".join(service.get("command", [])) for name, service in SERVICES.items()}
    assert "--queues web" in commands["worker-web"]
    assert '"--queues", "gpu"' in (DOCKER / "worker.Dockerfile").read_text()
    assert [name for name, command in commands.items() if "manage.py clock" in command] == ["clock"]


def test_docker_compose_accepts_the_files_with_the_examples_values() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed here (Debian: apt-get install docker-compose)")
    files = ["-f", "docker/compose.yaml", "-f", "docker/compose.gpu.yaml"]
    command = [program, *files, "--env-file", "docker/env.example", "config", "--quiet"]
    ended = subprocess.run(command, cwd=DOCKER.parent, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_docker_compose_refuses_to_guess_without_settings() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed here (Debian: apt-get install docker-compose)")
    command = [program, "-f", "docker/compose.yaml", "config", "--quiet"]
    ended = subprocess.run(command, cwd=DOCKER.parent, capture_output=True, text=True, check=False, env={})
    assert ended.returncode != 0
    assert "set TRABECULA_VERSION to the version to run" in ended.stderr
