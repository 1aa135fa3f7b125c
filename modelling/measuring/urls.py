"""Addresses of measuring."""

from django.urls import URLPattern, path

from modelling.measuring import views

urlpatterns: list[URLPattern] = [path("series/<uuid:pk>/strength/", views.strength, name="strength")]
