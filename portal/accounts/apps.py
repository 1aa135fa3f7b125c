"""Accounts: sign-in, second factor, invitations, who has which role."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from portal.accounts import checks


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Register the start-up checks."""
        for check in (checks.check_demo, checks.check_second_factor, checks.check_institution):
            register(check, Tags.security)
