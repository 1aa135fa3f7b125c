"""Addresses of runs."""

from django.urls import path

from modelling.runs import try_views, views

urlpatterns = [
    path("runs/", views.runs, name="runs"),
    path("runs/new/", views.run_new, name="run-new"),
    path("runs/compare/", views.runs_compare, name="runs-compare"),
    path("runs/<uuid:pk>/", views.run, name="run"),
    path("runs/<uuid:pk>/progress", views.run_progress, name="run-progress"),
    path("runs/<uuid:pk>/curves", views.run_curves, name="run-curves"),
    path("runs/<uuid:pk>/cancel", views.run_cancel, name="run-cancel"),
    path("runs/<uuid:pk>/again", views.run_again, name="run-again"),
    path("models/<uuid:pk>/try/", try_views.model_try, name="model-try"),
]
