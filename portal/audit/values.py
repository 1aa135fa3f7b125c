"""The values of an event as a person reads them: fields by their labels, choices and keys by what they stand for."""

from typing import Any, TypeAlias

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from portal.audit.access import Event
from portal.core.dates import write_day, write_instant

AnyField: TypeAlias = "models.Field[Any, Any]"
MaybeField: TypeAlias = "models.Field[Any, Any] | None"
DASH = "\N{EN DASH}"


def name_table(table: str) -> str:
    """Return the noun of a table's model; a table without one is shown as it is stored."""
    model = _find_model(table)
    return _capital(str(model._meta.verbose_name)) if model else table


def describe_values(event: Event) -> list[tuple[str, str, str]]:
    """Return (label, before, after) of each value: all of a row that was added, of a changed one what changed."""
    before, after = event.before or {}, event.after or {}
    fields = _list_fields(event.table)
    names = [*fields] if fields else sorted({**before, **after})
    return [
        (_label(name, field), _write(before.get(name), field), _write(after.get(name), field))
        for name, field in ((name, fields.get(name)) for name in names)
        if (name in before or name in after) and (event.operation != "UPDATE" or before.get(name) != after.get(name))
    ]


def _list_fields(table: str) -> dict[str, AnyField]:
    """Return column → field in the order of the model, without its key, which the caption shows."""
    model = _find_model(table)
    found = model._meta.concrete_fields if model else ()
    return {field.column: field for field in found if field.column and not field.primary_key}


def _find_model(table: str) -> type[models.Model] | None:
    return next((one for one in apps.get_models() if one._meta.db_table == table), None)


def _label(name: str, field: MaybeField) -> str:
    return _capital(str(field.verbose_name) if field else name.replace("_", " "))


def _write(value: Any, field: MaybeField) -> str:
    if value is None or value in ("", []):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(field, models.ForeignKey):
        # Rows of the open zone only: no table of it points into a closed schema.
        found = field.related_model._base_manager.filter(pk=value).first()
        return str(found) if found else str(value)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return _write_plain(value, field)


def _write_plain(value: Any, field: MaybeField) -> str:
    try:
        if isinstance(field, models.DateTimeField):
            return write_instant(timezone.localtime(field.to_python(value)))
        if isinstance(field, models.DateField):
            return write_day(field.to_python(value))
    except ValidationError:
        # The shape of the column has changed since: what was kept then is shown as it was kept.
        return str(value)
    return str(value)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
