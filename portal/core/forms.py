"""What forms of every part share: a day as it is typed, yes and no, and how a refusal comes back to the form."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from portal.core.dates import parse_day
from portal.core.errors import Refused

YEARS_AHEAD = 50
"""How far ahead a year of two digits may lie where a day can be in the future."""


class DayField(forms.Field):
    """A day typed in the ways of `portal.core.dates`. `is_past`: the day cannot lie after today."""

    widget = forms.TextInput

    def __init__(self, *, is_past: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Day, month, year: 15/6/2026")
        super().__init__(**kwargs)
        self.is_past = is_past

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        return {"inputmode": "numeric", "autocomplete": "off", "size": "12"}

    def prepare_value(self, value: Any) -> Any:
        return f"{value.day}/{value.month}/{value.year}" if isinstance(value, date) else value

    def to_python(self, value: Any) -> date | None:
        """Return the day, or None where nothing was typed."""
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value
        today = timezone.localdate()
        try:
            day = parse_day(str(value), today.year if self.is_past else today.year + YEARS_AHEAD)
        except ValueError as error:
            raise ValidationError(sentence(str(error)), code="invalid") from None
        if self.is_past and day > today:
            raise ValidationError("This day lies after today.", code="future")
        return day


class ChoicesField(forms.TypedChoiceField):
    """A question with few answers, one of which must be chosen: radio buttons, chosen by number keys."""

    widget = forms.RadioSelect

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"required": "Choose one of the answers."})
        super().__init__(**kwargs)


class YesNoField(ChoicesField):
    """Yes or no, with nothing chosen beforehand."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("1", "Yes"), ("0", "No")], coerce=lambda value: value == "1", **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return {True: "1", False: "0"}.get(value, value) if isinstance(value, bool) else value


class RetypeForm(forms.Form):
    """The word that is retyped before a grave act, as `_confirm.html` asks for it."""

    retyped = forms.CharField(error_messages={"required": "Type it to confirm."})

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted

    def clean_retyped(self) -> str:
        """Return what was typed if it is the word."""
        typed = str(self.cleaned_data["retyped"]).strip()
        if typed != self.wanted:
            raise ValidationError("What you typed is not the same.", code="differs")
        return typed

    @property
    def confirm_error(self) -> str:
        """What `_confirm.html` shows beside the field."""
        return " ".join(str(one) for one in self.errors.get("retyped", []))


def typed_in(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, or None where the form is only asked for; an empty form sent is a form sent."""
    return request.POST if request.method == "POST" else None


@contextmanager
def refusals_on(form: forms.BaseForm) -> Iterator[None]:
    """Show a rule's refusal on the form itself, so that nothing typed is lost."""
    try:
        yield
    except Refused as error:
        form.add_error(None, sentence(str(error)))


def status_of(form: forms.BaseForm) -> int:
    """Return 422 for a form that came back with errors, 200 for one that is asked."""
    return 422 if form.is_bound and form.errors else 200


def sentence(words: str) -> str:
    """Return an error's words as a sentence of a page."""
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?")) else ".")
