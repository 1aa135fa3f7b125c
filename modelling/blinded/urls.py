"""Addresses of blinded evaluations."""

from django.urls import path

from modelling.blinded import reveal_views, views

urlpatterns = [
    path("evaluations/", views.evaluations, name="evaluations"),
    path("evaluations/new/", views.evaluation_new, name="evaluation-new"),
    path("evaluations/<uuid:pk>/", views.evaluation, name="evaluation"),
    path("evaluations/<uuid:pk>/custodians/", views.evaluation_custodians, name="evaluation-custodians"),
    path("evaluations/<uuid:pk>/step/<slug:step>/", views.evaluation_step, name="evaluation-step"),
    path("evaluations/<uuid:pk>/enter/", views.evaluation_enter, name="evaluation-enter"),
    path("evaluations/<uuid:pk>/again/<uuid:submission_pk>/", views.evaluation_again, name="evaluation-again"),
    path("evaluations/<uuid:pk>/rehearse/", views.evaluation_rehearse, name="evaluation-rehearse"),
    path("evaluations/<uuid:pk>/reveal/", reveal_views.evaluation_reveal, name="evaluation-reveal"),
    path("evaluations/<uuid:pk>/reveal/begin/", reveal_views.evaluation_reveal_begin, name="evaluation-reveal-begin"),
    path("evaluations/<uuid:pk>/public.zip", reveal_views.evaluation_public, name="evaluation-public"),
    path("evaluations/<uuid:pk>/restricted.zip", reveal_views.evaluation_restricted, name="evaluation-restricted"),
    path("who-can-know/", views.who_can_know, name="who-can-know"),
]
