"""Addresses of measurements."""

from django.urls import path

from cohort.measurements import views

urlpatterns = [path("participants/<str:code>/measurements/", views.measurements, name="measurements-for")]
