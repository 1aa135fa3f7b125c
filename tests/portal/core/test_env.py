"""Settings are read loudly: each wrong one names itself, what was found, what was wanted."""

from pathlib import Path

import pytest

from portal.core.env import Env, SettingError


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_a_flag_that_is_on(word: str) -> None:
    assert Env({"DEBUG": word}).flag("DEBUG", False) is True


def test_a_flag_that_is_neither() -> None:
    with pytest.raises(SettingError, match="the setting DEBUG is 'maybe'; wanted 1 or 0"):
        Env({"DEBUG": "maybe"}).flag("DEBUG", False)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(SettingError, match="the setting BROKER_URL is missing: set BROKER_URL, or BROKER_URL_FILE"):
        Env({}).text("BROKER_URL")


def test_an_empty_setting_is_missing() -> None:
    with pytest.raises(SettingError, match="is missing"):
        Env({"BROKER_URL": ""}).text("BROKER_URL")


@pytest.mark.parametrize(("length", "is_fit"), [(31, False), (32, True)])
def test_a_secret_has_at_least_32_characters(length: int, is_fit: bool) -> None:
    env = Env({"SECRET_KEY": "x" * length})
    if is_fit:
        assert env.secret("SECRET_KEY") == "x" * length
    else:
        with pytest.raises(SettingError, match="has 31 characters; at least 32 are wanted"):
            env.secret("SECRET_KEY")


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("y" * 40 + "\n", encoding="utf-8")
    assert Env({"SECRET_KEY_FILE": str(tmp_path / "key")}).secret("SECRET_KEY") == "y" * 40


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"SECRET_KEY_FILE names .*nothing, which cannot be read: No such file"):
        Env({"SECRET_KEY_FILE": str(tmp_path / "nothing")}).secret("SECRET_KEY")


@pytest.mark.parametrize("text", ["three", "-1"])
def test_a_number_out_of_range(text: str) -> None:
    with pytest.raises(SettingError, match=f"the setting N is '?{text}'?; wanted"):
        Env({"N": text}).integer("N", 5)


def test_a_database_address_is_taken_apart() -> None:
    found = Env({"D": "postgresql://web:p%40ss@/trab?host=%2Frun%2Fx"}).database("D")
    assert found == {"user": "web", "password": "p@ss", "dbname": "trab", "host": "/run/x"}


def test_an_unreadable_address_does_not_repeat_its_password() -> None:
    with pytest.raises(SettingError) as error:
        Env({"D": "postgresql://web:hunter2@/trab?nonsense=1"}).database("D")
    assert "hunter2" not in str(error.value)


def test_another_database_is_refused() -> None:
    with pytest.raises(SettingError, match="is not a PostgreSQL address"):
        Env({"D": "sqlite:///db.sqlite3"}).database("D")
