"""What is asked for when somebody wants a snapshot."""

from typing import Any

from django import forms

from cohort.datasets.services import MODALITIES
from cohort.datasets.sources import list_tasks
from cohort.labels.rules import RULE_VERSIONS
from cohort.study.models import Basis, Study
from modelling.engine.training.admissible import TASKS, Use, classify

IMAGE_WORDS = {"film": "Radiograph", "dxa": "Forearm DXA", "pqct": "pQCT", "hrpqct": "HR-pQCT"}
USUAL = ("film", "dxa", "pqct")


class SnapshotForm(forms.Form):
    """Task, images and columns of a snapshot of one study."""

    task = forms.ChoiceField(label="What is to be learned")
    modalities = forms.MultipleChoiceField(
        label="Images", widget=forms.CheckboxSelectMultiple, required=False, help_text="Beside the table of answers."
    )
    columns = forms.CharField(
        label="Only these columns",
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text="Leave it empty for every admissible answer and the usual values measured in the images chosen. "
        "Names stand below; put a space between them.",
    )

    def __init__(self, *args: Any, study: Study, task: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tasks = tasks_of(study)
        self.fields["task"].choices = [(one, f"{one}: {TASKS[one]}") for one in tasks]  # type: ignore[attr-defined]
        self.fields["task"].initial = task
        images = [] if study.basis == Basis.PUBLIC_USE else images_for(task)
        self.fields["modalities"].choices = [(one, IMAGE_WORDS[one]) for one in images]  # type: ignore[attr-defined]
        self.fields["modalities"].initial = [one for one in images if one in USUAL]
        if not images:
            del self.fields["modalities"]

    def clean_columns(self) -> list[str] | None:
        """Return the columns asked for, None for all."""
        return str(self.cleaned_data["columns"]).replace(",", " ").split() or None


def tasks_of(study: Study) -> list[str]:
    """Return the tasks of a study that have a label rule."""
    return [one for one in list_tasks(study) if one in RULE_VERSIONS]


def images_for(task: str) -> list[str]:
    """Return the images that may be inputs of a task."""
    return [one for one in MODALITIES if classify(task, f"image.{one}").use is Use.INPUT]
