"""Addresses of enrolment."""

from django.urls import path

from cohort.enrolment import opening_views, views

urlpatterns = [
    path("studies/<slug:code>/open/", opening_views.study_open, name="study-open"),
    path("studies/<slug:code>/close/", opening_views.study_close, name="study-close"),
    path("studies/<slug:code>/draw/", opening_views.study_draw, name="study-draw"),
    path("studies/<slug:code>/screening/", views.screenings, name="screenings"),
    path("studies/<slug:code>/screening/new/", views.screening_new, name="screening-new"),
    path("screenings/<uuid:pk>/", views.screening, name="screening"),
    path("screenings/<uuid:pk>/decline/", views.screening_decline, name="screening-decline"),
    path("screenings/<uuid:pk>/clear/", views.screening_clear, name="screening-clear"),
    path("screenings/<uuid:pk>/enrol/", views.enrol, name="enrol"),
]
