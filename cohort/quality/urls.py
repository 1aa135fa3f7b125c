"""Addresses of queries."""

from django.urls import path, register_converter

from cohort.quality import views


class VerbConverter:
    """What can be done with a query."""

    regex = "answer|close|reopen"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(VerbConverter, "query_verb")

urlpatterns = [
    path("queries/", views.queries, name="queries"),
    path("queries/<uuid:pk>/", views.query, name="query"),
    path("queries/<uuid:pk>/<query_verb:verb>/", views.query_act, name="query-act"),
    path("participants/<str:code>/visits/<slug:visit_code>/queries/new/", views.query_new, name="query-new"),
]
