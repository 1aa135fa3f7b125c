"""Consent: what each participant agreed to, and what may therefore be done."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "cohort.consent"
    label = "consent"
    verbose_name = "Consent"
