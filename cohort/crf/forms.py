"""What is typed on the pages of visits and forms."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from cohort.crf.filling import Change, is_entered
from cohort.participants.models import Visit
from cohort.study.dictionary import Form, load_dictionary
from portal.core.errors import Refused
from portal.core.forms import ChoicesField, DayField

MISSING, COMMENT = "__missing", "__comment"
"""What is put behind a question's name for the reason why there is no answer, and for a comment."""

MOST_QUESTIONS = 60


class BeginVisitForm(forms.Form):
    """The day a visit takes place. Nothing is chosen beforehand but the day."""

    happened_on = DayField(label="Day of the visit", is_past=True)
    is_inpatient = ChoicesField(
        label="Hospital inpatient at this visit", choices=[("1", "Yes"), ("0", "No")], required=False
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=300,
        help_text="If the day lies outside the window, say why; the visit goes on all the same.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["happened_on"].initial = timezone.localdate()

    @property
    def facts(self) -> dict[str, Any]:
        """The visit, as the service takes it."""
        data = self.cleaned_data
        inpatient = {"1": True, "0": False}.get(data["is_inpatient"])
        return {"happened_on": data["happened_on"], "is_inpatient": inpatient, "note": data["note"]}


class MissVisitForm(forms.Form):
    """Why a visit will not take place any more."""

    why = forms.CharField(label="Why it was missed", max_length=300)


class ReopenForm(forms.Form):
    """Why a complete form is opened again (CLINICAL 2.7)."""

    REASONS = (
        ("typing error", "Typing error"),
        ("new information", "New information"),
        ("source corrected", "The source was corrected"),
        ("other", "Other"),
    )
    reason = ChoicesField(label="Why it is opened again", choices=REASONS)
    detail = forms.CharField(label="In words", max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """Want words where the reason is another one."""
        data = super().clean() or {}
        if data.get("reason") == "other" and not data.get("detail", "").strip():
            self.add_error("detail", "Say which.")
        return data

    @property
    def why(self) -> str:
        """The reason as it is kept."""
        detail = self.cleaned_data["detail"].strip()
        return f"{self.cleaned_data['reason']}: {detail}" if detail else str(self.cleaned_data["reason"])


def read_changes(form: Form, posted: QueryDict) -> dict[str, Change]:
    """Return what was sent for the questions that were on the page (`asked`); an empty one was emptied."""
    known = {one.variable for one in form.fields if is_entered(one)}
    asked = list(dict.fromkeys(posted.getlist("asked")))
    if len(asked) > MOST_QUESTIONS or not set(asked) <= known:
        raise Refused(f"a question was sent that the form '{form.code}' does not have")
    return {
        name: Change(
            value=tuple(posted.getlist(name))
            if load_dictionary().field(name).type == "multi"
            else posted.get(name, ""),
            missing=posted.get(name + MISSING, ""),
            comment=posted.get(name + COMMENT, ""),
        )
        for name in asked
    }


def find_visit_note(visit: Visit) -> str:
    """Return what was noted of a visit, with the reason a window was missed."""
    return f"Outside its window: {visit.note}" if visit.is_outside_window else visit.note
