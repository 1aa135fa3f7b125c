"""Sealed labels, the custodians' key, and the scorer that alone opens them."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "cohort.vault"
    label = "vault"
    verbose_name = "Vault"
