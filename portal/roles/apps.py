"""Roles: who somebody is in the study, where, and from when to when."""

from django.apps import AppConfig


class RolesConfig(AppConfig):
    name = "portal.roles"
    label = "roles"
    verbose_name = "Roles"
