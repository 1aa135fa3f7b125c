"""Forms of imaging: the plain upload, the answer to a side conflict, and what people say of a series."""

from typing import Any

from django import forms

from cohort.imaging.models import Modality, Series, Side, SideAnswer
from cohort.imaging.quality import HAVE_MOTION_GRADES, Motion
from portal.core.forms import ChoicesField


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file or many; what each of them is, the reader finds out."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Return the files, at least one."""
        one = super().clean
        if not data:
            one(None, initial)
        return [one(file, initial) for file in (data if isinstance(data, list | tuple) else [data])]


class UploadForm(forms.Form):
    """The upload as a browser without script sends it: everything at once."""

    visit = forms.CharField(widget=forms.HiddenInput, max_length=10)
    modality = forms.ChoiceField(widget=forms.HiddenInput, choices=Modality.choices)
    side = ChoicesField(label="Forearm", choices=Side.choices)
    images = FilesField(label="Files", error_messages={"required": "Choose at least one file."}, allow_empty_file=True)


class SideForm(forms.Form):
    """The answer to files whose header names the other side."""

    answer = forms.ChoiceField(choices=SideAnswer.choices)
    why = forms.CharField(
        label="How do you know that the header or the marker is wrong?",
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class QualityForm(forms.Form):
    """How good a series is."""

    motion_grade = forms.TypedChoiceField(
        label="Movement",
        choices=Motion.choices,
        coerce=int,
        required=False,
        empty_value=None,
        widget=forms.RadioSelect,
    )
    ask_repeat = forms.BooleanField(label="Ask for a repeat", required=False)
    note = forms.CharField(label="Note", max_length=300, required=False)

    def __init__(self, *args: Any, series: Series, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "motion_grade": series.motion_grade,
                "ask_repeat": series.is_repeat_asked,
                "note": series.quality_note,
            },
        )
        super().__init__(*args, **kwargs)
        if series.modality not in HAVE_MOTION_GRADES:
            del self.fields["motion_grade"]


class WhyForm(forms.Form):
    """What is to be done with a series, and the reason."""

    verb = forms.ChoiceField(choices=[("find_unusable", ""), ("find_wrong_side", ""), ("take_back", "")])
    why = forms.CharField(
        label="Why?",
        max_length=300,
        error_messages={"required": "Say why, so that others can follow it."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
