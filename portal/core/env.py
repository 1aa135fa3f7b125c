"""Read settings from the environment: typed, loud when something is missing or unreadable (12-factor, III).

A secret may come from a file: `NAME_FILE=/run/secrets/name` stands for `NAME=<its content>`.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from psycopg import Error as DatabaseDriverError
from psycopg.conninfo import conninfo_to_dict


class SettingError(Exception):
    """A setting is missing or cannot be read. The text names it, what was found and what was wanted."""


class Env:
    """Typed reader over one environment; every reader raises SettingError rather than guess."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = os.environ if values is None else values
        self.names_read: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Return the text of a setting, or the default; without a default the setting is required."""
        self.names_read.append(name)
        value = self.values.get(name)
        if value is None and (path := self.values.get(f"{name}_FILE")):
            value = _read_secret_file(name, Path(path))
        if value is None or value == "":
            if default is None:
                raise SettingError(f"the setting {name} is missing: set {name}, or {name}_FILE to a file that holds it")
            return default
        return value

    def secret(self, name: str) -> str:
        """Return a secret of at least 32 characters. There is no default."""
        value = self.text(name)
        if len(value) < 32:
            raise SettingError(f"the secret {name} has {len(value)} characters; at least 32 are wanted")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return true for 1, true, yes, on and false for 0, false, no, off."""
        value = self.text(name, "1" if default else "0").lower()
        if value in {"1", "true", "yes", "on"}:
            return True
        if value in {"0", "false", "no", "off"}:
            return False
        raise SettingError(f"the setting {name} is '{value}'; wanted 1 or 0")

    def integer(self, name: str, default: int, *, least: int = 0) -> int:
        """Return a whole number not below `least`."""
        value = self.text(name, str(default))
        try:
            number = int(value)
        except ValueError:
            raise SettingError(f"the setting {name} is '{value}'; wanted a whole number") from None
        if number < least:
            raise SettingError(f"the setting {name} is {number}; wanted at least {least}")
        return number

    def number(self, name: str, default: float, *, least: float = 0.0) -> float:
        """Return a number not below `least`."""
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            raise SettingError(f"the setting {name} is '{value}'; wanted a number") from None
        if number < least:
            raise SettingError(f"the setting {name} is {number}; wanted at least {least}")
        return number

    def listed(self, name: str, default: str = "") -> list[str]:
        """Return the comma-separated items of a setting."""
        return [item.strip() for item in self.text(name, default).split(",") if item.strip()]

    def folder(self, name: str, default: Path) -> Path:
        """Return an absolute folder path; it need not exist."""
        return Path(self.text(name, str(default))).expanduser().absolute()

    def choice(self, name: str, default: str, allowed: frozenset[str]) -> str:
        """Return one of the allowed words."""
        value = self.text(name, default)
        if value not in allowed:
            raise SettingError(f"the setting {name} is '{value}'; wanted one of {', '.join(sorted(allowed))}")
        return value

    def database(self, name: str, default: str | None = None) -> dict[str, str]:
        """Return the libpq parameters of a PostgreSQL address such as postgresql://user:password@host/name."""
        value = self.text(name, default)
        if not value.startswith(("postgresql://", "postgres://")):
            raise SettingError(f"the setting {name} is not a PostgreSQL address (postgresql://user:password@host/name)")
        try:
            return {key: str(found) for key, found in conninfo_to_dict(value).items() if found is not None}
        except DatabaseDriverError:
            # The driver's own text can quote the password.
            raise SettingError(f"the setting {name} is not a readable PostgreSQL address") from None


def _read_secret_file(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}") from None
