"""Participants: the people of the study, by research code."""

from django.apps import AppConfig


class ParticipantsConfig(AppConfig):
    name = "cohort.participants"
    label = "participants"
    verbose_name = "Participants"
