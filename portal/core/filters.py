"""Filtering of the API by allow-list: a view names what may be asked; anything else is refused, not ignored."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

ALWAYS = frozenset({"limit", "offset", "ordering", "format"})


class AllowedFilter(BaseFilterBackend):
    """Filters by the view's `allowed_filters`: the parameter's name → the field it is compared with."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        allowed: dict[str, str] = getattr(view, "allowed_filters", {})
        asked = {name: value for name, value in request.query_params.items() if name not in ALWAYS}
        if unknown := sorted(set(asked) - set(allowed)):
            known = ", ".join(sorted({*allowed, *ALWAYS}))
            raise ValidationError({"detail": f"'{unknown[0]}' is no parameter here; there are: {known}."})
        return queryset.filter(**{allowed[name]: value for name, value in asked.items()})

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the parameters in the OpenAPI schema."""
        return [
            {"name": name, "required": False, "in": "query", "schema": {"type": "string"}}
            for name in sorted(getattr(view, "allowed_filters", {}))
        ]
