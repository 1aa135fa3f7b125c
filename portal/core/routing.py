"""Which database role reads and writes which table: told by the schema in the table's own name."""

from typing import Any

from django.conf import settings
from django.db import models

ALIAS_BY_SCHEMA = {"identity": "identity", "outcome": "clinical", "vault": "allocation"}


def schema_of(model: type[models.Model]) -> str:
    """Return the database schema a model's table lives in."""
    table = model._meta.db_table
    return table.split('"')[1] if table.startswith('"') else "public"


class SchemaRouter:
    """Send each model to the alias whose database role may touch its schema; migrate by the first alias only."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return self._alias(model)

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        return self._alias(model)

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool:
        return schema_of(one.__class__) == schema_of(other.__class__)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "default"

    def _alias(self, model: type[models.Model]) -> str:
        alias = ALIAS_BY_SCHEMA.get(schema_of(model), "default")
        # A process that was not given a role's address meets the database's own refusal through its first alias.
        return alias if alias in settings.DATABASES else "default"
