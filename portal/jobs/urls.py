"""Addresses of jobs."""

from django.urls import path

from portal.jobs import views

urlpatterns = [
    path("", views.show_jobs, name="jobs"),
    path("start-demonstration", views.start, name="start-demonstration"),
    path("<uuid:job_pk>/", views.show_job, name="job"),
    path("<uuid:job_pk>/progress", views.show_progress, name="job-progress"),
    path("<uuid:job_pk>/cancel", views.cancel, name="cancel-job"),
    path("<uuid:job_pk>/try-again", views.try_again, name="try-job-again"),
]
