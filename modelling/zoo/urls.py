"""Addresses of zoo."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
