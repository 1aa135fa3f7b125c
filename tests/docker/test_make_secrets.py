"""The secrets of an installation: all different, each where compose.yaml looks for it, never made twice."""

import json
import stat
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from docker.make_secrets import main, make_secrets, name_of_url
from portal.core.database_roles import LOGIN_ROLES
from portal.embedded.environment import variable_of
from portal.embedded.scram import is_verifier_of

ROLES = [role.name for role in LOGIN_ROLES]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_an_address_whose_password_fits_its_verifier(role: str) -> None:
    found = make_secrets()
    address = conninfo_to_dict(found[name_of_url(role)])
    verifiers = json.loads(found["database_verifiers"])
    assert (address["user"], address["host"], address["dbname"]) == (role, "postgres", "trabecula")
    assert is_verifier_of(verifiers[role], str(address["password"]))
    assert str(address["password"]) not in found["database_verifiers"]


@pytest.mark.parametrize("role", ROLES)
def test_an_address_has_the_name_of_its_setting(role: str) -> None:
    assert name_of_url(role).upper() == variable_of(role)


def test_no_two_secrets_are_alike_and_none_is_short() -> None:
    one, other = make_secrets(), make_secrets()
    assert len(set(one.values()) | set(other.values())) == 2 * len(one)
    assert min(map(len, one.values())) >= 32


def test_the_broker_is_told_only_the_hash_of_its_password() -> None:
    found = make_secrets()
    password = found["broker_url"].removeprefix("redis://portal:").removesuffix("@broker:6379/0")
    assert len(password) == 43
    assert password not in found["broker_conf"]


def test_the_files_lie_behind_a_folder_that_only_the_owner_can_enter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "secrets"
    assert main([str(folder)]) == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}
    assert {path.name for path in folder.iterdir()} == set(make_secrets())
    shown = capsys.readouterr().out
    assert "without identity_key no name can be read" in shown
    assert not any(path.read_text() in shown for path in folder.iterdir())


def test_secrets_in_use_are_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "secrets"
    main([str(folder)])
    before = (folder / "secret_key").read_text()
    assert main([str(folder)]) == 1
    assert "are left as they are" in capsys.readouterr().err
    assert (folder / "secret_key").read_text() == before


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "gone" / "secrets")]) == 1
    assert "cannot be made: No such file or directory" in capsys.readouterr().err
