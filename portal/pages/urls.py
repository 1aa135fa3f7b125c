"""Addresses of the pages that belong to no part of the study."""

from django.urls import path

from portal.pages import patterns, views

urlpatterns = [
    path("", views.home, name="home"),
    path("health/live", views.live, name="health-live"),
    path("health/ready", views.ready, name="health-ready"),
    path("theme", views.choose_theme, name="theme"),
    path("study-in-hand", views.choose_study, name="choose-study"),
    path("still-here", views.still_here, name="still-here"),
    path("patterns/", patterns.show, name="patterns"),
    path("patterns/progress", patterns.show_progress, name="patterns-progress"),
]
