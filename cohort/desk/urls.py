"""Addresses of the pages that put things together."""

from django.urls import path

from cohort.desk import participant_views, views

urlpatterns = [
    path("studies/<slug:code>/", views.study, name="study"),
    path("participants/", views.participants, name="participants"),
    path("participants/<str:code>/", participant_views.participant, name="participant"),
    path("participants/<str:code>/identity/", participant_views.identity_show, name="identity-show"),
]
