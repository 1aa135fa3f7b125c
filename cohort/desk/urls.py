"""Addresses of the pages that put things together."""

from django.urls import path

from cohort.desk import views

urlpatterns = [
    path("studies/<slug:code>/", views.study, name="study"),
    path("participants/", views.participants, name="participants"),
    path("participants/<str:code>/", views.participant, name="participant"),
    path("participants/<str:code>/identity/", views.identity_show, name="identity-show"),
]
