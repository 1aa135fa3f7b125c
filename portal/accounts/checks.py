"""Start-up checks: settings that would open a door nobody meant to open."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning


def check_demo(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a demo that is served to others: in a demo anybody may be anybody."""
    if settings.DEMO and settings.BEHIND_TLS:
        return [
            Error(
                "TRABECULA_DEMO and BEHIND_TLS are both on: in a demo anybody may be anybody, so it is never served.",
                hint="Set TRABECULA_DEMO=0 on a server, or BEHIND_TLS=0 for a demo on this machine alone.",
                id="accounts.E001",
            )
        ]
    return []


def check_second_factor(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn when a password alone is enough outside a demo."""
    if settings.SECOND_FACTOR_REQUIRED or settings.DEMO:
        return []
    return [
        Warning(
            "SECOND_FACTOR_REQUIRED is off: a password alone lets people in.",
            hint="Set SECOND_FACTOR_REQUIRED=1.",
            id="accounts.W001",
        )
    ]


def check_institution(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse an institution's sign-in whose answers could be forged on their way here."""
    if settings.OIDC_SERVER_URL and not settings.OIDC_SERVER_URL.startswith("https://"):
        return [
            Error(
                f"OIDC_SERVER_URL is '{settings.OIDC_SERVER_URL}'; wanted an address that begins with https://.",
                hint="Who answers at an address without TLS cannot be known.",
                id="accounts.E002",
            )
        ]
    return []
