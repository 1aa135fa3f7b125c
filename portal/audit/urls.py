"""Addresses of the audit."""

from django.urls import path

from portal.audit import views

urlpatterns = [
    path("", views.audit, name="audit"),
    path("acts/<uuid:pk>/", views.act, name="act"),
    path("looks/", views.reads, name="audit-reads"),
    path("proof/", views.proof, name="audit-proof"),
    path("proof/bundle", views.take_bundle, name="audit-bundle"),
]
