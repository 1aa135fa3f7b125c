"""What is typed for an evaluation."""

import secrets
from typing import Any

from django import forms

from cohort.labels.rules import RULE_VERSIONS
from cohort.study.models import Study
from cohort.vault.models import CustodyKey
from modelling.blinded.models import Submission
from modelling.blinded.protocol import DEFAULTS, LONGEST_SEED, MOST_LOOKS, Typed
from modelling.engine.metrics.tasks import TASKS
from modelling.zoo.models import ModelVersion
from portal.core.forms import ChoicesField


def _lines(label: str, name: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        initial=DEFAULTS.get(name, ""),
        max_length=600,
        help_text=help_text,
        widget=forms.Textarea({"rows": 2}),
    )


class EvaluationForm(forms.Form):
    """The protocol of an evaluation, decided before anything is seen."""

    study = forms.ModelChoiceField(Study.objects.none(), empty_label="Choose a study")
    task = forms.ChoiceField(
        label="Task", choices=[(code, TASKS[code].title) for code in RULE_VERSIONS if code in TASKS]
    )
    title = forms.CharField(label="Title", max_length=160)
    question = _lines("Question", "question", "One sentence that the result will answer.")
    population = _lines("Who is evaluated", "population")
    index_date = forms.CharField(label="Index date", max_length=200, initial=DEFAULTS["index_date"])
    threshold_rule = _lines("Threshold", "threshold_rule")
    missing_data = _lines("Missing data", "missing_data")
    withdrawals = _lines("Withdrawals", "withdrawals")
    max_models = forms.IntegerField(label="How many models at most", min_value=1, max_value=10, initial=3)
    looks = forms.IntegerField(
        label="How often this test set may be opened",
        min_value=1,
        max_value=MOST_LOOKS,
        initial=1,
        help_text="Said before the first opening and kept for all of them. Several share the error of one, so each "
        "interval is wider. After the last one the test set is spent.",
    )
    seed = forms.IntegerField(
        label="Seed of the bootstrap",
        min_value=0,
        max_value=LONGEST_SEED,
        initial=lambda: secrets.randbelow(10_000),
        help_text="Any number; it is fixed with the protocol.",
    )

    def __init__(self, *args: Any, studies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["study"].queryset = studies  # type: ignore[attr-defined]

    @property
    def typed(self) -> Typed:
        """What was typed, as the protocol wants it."""
        names = Typed.__dataclass_fields__
        return Typed(**{name: value for name, value in self.cleaned_data.items() if name in names})


class CustodiansForm(forms.Form):
    """The three custodians, by their registered keys."""

    keys = forms.ModelMultipleChoiceField(
        CustodyKey.objects.filter(retired_at=None).select_related("custodian"),
        label="Custodians",
        widget=forms.CheckboxSelectMultiple,
        help_text="Three: any two of them open the labels together. At least one from outside the group.",
        error_messages={"required": "Choose three custodians."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["keys"]
        field.label_from_instance = lambda one: str(one.custodian)


class EnterForm(forms.Form):
    """The model to enter, and as what."""

    model = forms.ModelChoiceField(ModelVersion.objects.none(), label="Model", empty_label="Choose a model")
    role = ChoicesField(label="Enter it as", choices=Submission.Role.choices)

    def __init__(self, *args: Any, models: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].queryset = models  # type: ignore[attr-defined]


class ShareForm(forms.Form):
    """A share, sealed in the custodian's browser to the scorer's one-time key."""

    ciphertext = forms.RegexField(r"^[0-9a-f]{352}$", widget=forms.HiddenInput, required=False)
    one_time_key = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
