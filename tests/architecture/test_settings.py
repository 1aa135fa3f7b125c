"""Every setting is listed in docker/env.example, and nothing else is."""

import re

from portal import settings
from tests.services import ROOT

LISTED = set(
    re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", (ROOT / "docker" / "env.example").read_text(encoding="utf-8"), re.MULTILINE)
)
SOURCE = (ROOT / "portal" / "settings.py").read_text(encoding="utf-8")


def list_settings() -> set[str]:
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z][A-Z0-9_]+)"', SOURCE))
    return (
        read
        | {address for address, _ in settings.ROLE_OF_PROCESS.values()}
        | {f"DATABASE_URL_{role}" for roles in settings.FURTHER_ROLES.values() for role in roles}
    )


def test_every_setting_is_listed() -> None:
    assert list_settings() - LISTED == set()


def test_no_secret_has_a_default() -> None:
    assert not re.findall(r'env\.secret\("[A-Z_]+",', SOURCE)
    assert 'env.secret("SECRET_KEY")' in SOURCE
