"""Addresses of datasets."""

from django.urls import path

from cohort.datasets import views

urlpatterns = [
    path("snapshots/", views.snapshots, name="snapshots"),
    path("snapshots/<uuid:pk>/", views.snapshot, name="snapshot"),
    path("snapshots/<uuid:pk>/manifest.json", views.snapshot_manifest, name="snapshot-manifest"),
    path("studies/<slug:code>/snapshots/new/", views.snapshot_new, name="snapshot-new"),
    path("admissible/<str:task>/", views.admissible, name="admissible"),
]
