"""Addresses of measurements."""

from django.urls import path

from cohort.measurements import views

urlpatterns = [
    path("participants/<str:code>/measurements/", views.measurements, name="measurements-for"),
    path("participants/<str:code>/measurements.csv", views.measurements_file, name="measurements-file"),
    path("measurements/pictures/<uuid:pk>.png", views.measurement_picture, name="measurement-picture"),
    path("measurements/strength/<uuid:pk>.png", views.strength_picture, name="strength-picture"),
    path("measurements/strength/<uuid:pk>.nii.gz", views.strength_field, name="strength-field"),
    path("measurements/", views.catalogue, name="measurement-catalogue"),
]
