"""The study as data: its rules, sites, approvals, documents and devices."""

from django.apps import AppConfig


class StudyConfig(AppConfig):
    name = "cohort.study"
    label = "study"
    verbose_name = "Study"
