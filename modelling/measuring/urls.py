"""Addresses of measuring."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
