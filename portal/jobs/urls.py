"""Addresses of jobs."""

from django.urls import path

from portal.jobs import views

urlpatterns = [
    path("", views.show_jobs, name="jobs"),
    path("start-demonstration", views.start, name="job-start-demonstration"),
    path("<uuid:job_pk>/", views.show_job, name="job"),
    path("<uuid:job_pk>/progress", views.show_progress, name="job-progress"),
    path("<uuid:job_pk>/cancel", views.cancel, name="job-cancel"),
    path("<uuid:job_pk>/try-again", views.try_again, name="job-try-again"),
]
