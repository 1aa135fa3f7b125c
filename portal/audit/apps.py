"""Audit: what was done, by whom, and the proof that nobody changed the record."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "portal.audit"
    label = "audit"
    verbose_name = "Audit"
