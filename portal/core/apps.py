"""The core app: the first migrations (roles, schemas) and the start-up checks belong to it."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "portal.core"
    label = "core"
    verbose_name = "Core"
