"""The frontend as a Django app, so that its templates, tags and static files are found."""

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    name = "frontend"
    label = "frontend"
