"""Addresses of blinded."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
