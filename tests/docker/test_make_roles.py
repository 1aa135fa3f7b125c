"""The roles of a real server: made from verifiers alone, twice without harm, and each password then opens its role."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from docker import make_roles
from docker.make_secrets import make_secrets, name_of_url
from portal.core.database_roles import LOGIN_ROLES
from portal.embedded.running import running


@pytest.fixture(scope="module")
def superuser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """How to reach a server of its own as the superuser: the passwords of its roles are going to change."""
    with running(tmp_path_factory.mktemp("home"), reserve_mb=0) as services:
        yield services.superuser_conninfo()


def test_each_role_logs_in_with_its_new_password_and_not_with_the_old_one(superuser: str) -> None:
    first, second = make_secrets(), make_secrets()
    for found in (first, second):
        make_roles.make_roles(superuser, json.loads(found["database_verifiers"]))
    server = conninfo_to_dict(superuser)
    for role in LOGIN_ROLES:
        new, old = (conninfo_to_dict(found[name_of_url(role.name)])["password"] for found in (second, first))
        login = {"host": server["host"], "user": role.name, "dbname": "trabecula"}
        with psycopg.connect(make_conninfo(**login, password=new)) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role.name,)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(make_conninfo(**login, password=old))


def test_a_database_that_is_missing_is_made_and_belongs_to_the_owner(superuser: str) -> None:
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DROP DATABASE trabecula")
        make_roles.make_roles(superuser, json.loads(make_secrets()["database_verifiers"]))
        query = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'trabecula'"
        assert connection.execute(query).fetchone() == ("tb_owner",)


def test_a_role_without_verifier_is_refused_before_anything_is_done() -> None:
    verifiers = json.loads(make_secrets()["database_verifiers"])
    del verifiers["tb_scorer"]
    with pytest.raises(ValueError, match="no password verifier for tb_scorer"):
        make_roles.make_roles("host=/nowhere", verifiers)


def test_the_program_reads_its_secrets_from_files_and_shows_none(
    superuser: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server, found = conninfo_to_dict(superuser), make_secrets()
    for variable, text in {
        "PGPASSWORD_FILE": str(server["password"]),
        "VERIFIERS_FILE": found["database_verifiers"],
    }.items():
        (tmp_path / variable).write_text(text)
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("PGHOST", str(server["host"]))
    monkeypatch.setenv("PGUSER", str(server["user"]))
    assert make_roles.main() == 0
    assert capsys.readouterr().out == f"{len(LOGIN_ROLES)} roles may log in to the database trabecula\n"
