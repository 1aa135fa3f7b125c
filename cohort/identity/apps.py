"""Identity: names, birth dates and contacts, in a schema and under a role of their own."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "cohort.identity"
    label = "identity"
    verbose_name = "Identity"
