"""Enrolment: screening, enrolling, and the concealed draw."""

from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    name = "cohort.enrolment"
    label = "enrolment"
    verbose_name = "Enrolment"
