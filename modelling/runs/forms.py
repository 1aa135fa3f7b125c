"""The one form of a run: prefilled, so that one click starts it."""

from typing import Any

from django import forms
from django.utils.text import capfirst

from cohort.study.models import Study
from modelling.engine.recipes import PROFILES, RECIPES
from modelling.engine.training.admissible import TASKS
from portal.core.forms import ChoicesField


class RunForm(forms.Form):
    """What to train: the study's task, the recipe, its size."""

    task = ChoicesField(label="Task")
    recipe = ChoicesField(label="Recipe", choices=[(one.name, one.title) for one in RECIPES.values()])
    profile = ChoicesField(label="Size", choices=[(one.name, one.title) for one in PROFILES.values()])
    fresh = forms.BooleanField(
        label="Build a fresh snapshot first",
        required=False,
        help_text="Otherwise the newest one of this task is used, if there is one.",
    )

    def __init__(self, *args: Any, study: Study, tasks: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study = study
        self.fields["task"].choices = [(name, capfirst(TASKS[name])) for name in tasks]  # type: ignore[attr-defined]
