"""Addresses of imaging."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
