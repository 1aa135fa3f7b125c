"""What is typed on the pages of queries."""

from typing import Any

from django import forms

from cohort.crf.access import may_see
from cohort.participants.models import Visit
from cohort.study.dictionary import load_dictionary
from cohort.study.schedule import BY_CODE
from portal.roles.actors import Actor

NO_VALUES = "Write no result and no diagnosis here: ask where to look, not what stands there."
LONGEST = 500


class TextForm(forms.Form):
    """What is said in a query."""

    text = forms.CharField(label="Text", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, label: str = "Text", is_needed: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label, self.fields["text"].required = label, is_needed
        self.fields["text"].help_text = NO_VALUES


class RaiseForm(forms.Form):
    """Which answer is asked about, and what is asked."""

    about = forms.ChoiceField(label="About", help_text="A whole form, or one question of it.")
    number = forms.IntegerField(label="Row", min_value=1, max_value=999, initial=1, help_text="1 unless it repeats.")
    text = forms.CharField(
        label="Question", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}), help_text=NO_VALUES
    )

    def __init__(self, *args: Any, actor: Actor, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = BY_CODE[visit.code]
        codes = [one for one in (*kind.forms, *kind.when_needed) if may_see(actor, one, visit.participant.site_id)]
        self.fields["about"].choices = [_choices_of(code) for code in codes]  # type: ignore[attr-defined]

    @property
    def asked(self) -> dict[str, Any]:
        """The question as the service takes it."""
        form, _, variable = str(self.cleaned_data["about"]).partition(".")
        return {
            "form": form,
            "variable": variable,
            "number": self.cleaned_data["number"],
            "text": self.cleaned_data["text"],
        }


def _choices_of(code: str) -> tuple[str, list[tuple[str, str]]]:
    form = load_dictionary().form(code)
    questions = [(f"{code}.{one.variable}", one.label) for one in form.fields]
    return form.title, [(f"{code}.", f"{form.title}: the whole form"), *questions]
