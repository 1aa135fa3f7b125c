"""Sites: the hospitals and clinics that take part."""

from django.apps import AppConfig


class SitesConfig(AppConfig):
    name = "portal.sites"
    label = "sites"
    verbose_name = "Sites"
