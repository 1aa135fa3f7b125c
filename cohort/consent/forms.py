"""What is typed when somebody signs a consent form or withdraws."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from cohort.consent.models import ITEMS, Consent, Level, Mode
from cohort.study.access import list_consent_forms
from cohort.study.models import ConsentForm, Study
from portal.core.dates import write_day
from portal.core.forms import ChoicesField, DayField, RetypeForm

ANSWERS: dict[str, bool | None] = {"yes": True, "no": False, "not_asked": None}
ANSWER_WORDS: dict[bool | None, str] = {True: "yes", False: "no", None: "not asked"}


class SigningForm(forms.Form):
    """One signing: which version, when, how, and an answer to each item in the order of the paper."""

    signed_on = DayField(label="Date of signature", is_past=True)
    version = forms.ModelChoiceField(
        ConsentForm.objects.none(),
        label="Version of the consent form",
        empty_label=None,
        help_text="Only versions valid on the date of signature are offered.",
        error_messages={"invalid_choice": "This version was not valid on the date of signature."},
    )
    mode = ChoicesField(label="How it was signed", choices=Mode.choices, initial=Mode.PAPER)
    copy_given = forms.BooleanField(
        label="The participant has been given a copy of the signed form",
        error_messages={"required": "The participant must be given a copy first."},
    )

    def __init__(self, *args: Any, study: Study, before: Consent | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["signed_on"].initial = today
        version = self.fields["version"]
        valid = [one for one in list_consent_forms(study) if one.is_valid_on(self._day() or today)]
        version.queryset = ConsentForm.objects.filter(pk__in=[one.pk for one in valid])  # type: ignore[attr-defined]
        version.label_from_instance = _name_version  # type: ignore[attr-defined]
        version.initial = valid[0] if valid else None
        for item, words in ITEMS.items():
            self.fields[item] = ChoicesField(
                label=words[:1].upper() + words[1:],
                choices=[("yes", "Yes"), ("no", "No"), ("not_asked", "Not asked")],
                coerce=ANSWERS.__getitem__,
                help_text=f"Last time: {ANSWER_WORDS[getattr(before, item)]}" if before else "",
            )
        # Asked last, as on the paper, so that errors are listed in the order of the page.
        self.fields["copy_given"] = self.fields.pop("copy_given")

    @property
    def has_version(self) -> bool:
        """True if a version can be signed on the day that stands in the form."""
        return self.fields["version"].queryset.exists()  # type: ignore[attr-defined, no-any-return]

    @property
    def items(self) -> Iterable[forms.BoundField]:
        """The fields of the consent items, in the order of the form."""
        return [self[item] for item in ITEMS]

    @property
    def facts(self) -> dict[str, Any]:
        """What was signed, as the service takes it."""
        data = self.cleaned_data
        return {
            "form": data["version"],
            "signed_on": data["signed_on"],
            "mode": data["mode"],
            "copy_given": data["copy_given"],
            "answers": {item: data[item] for item in ITEMS},
        }

    def _day(self) -> date | None:
        try:
            found: date | None = self.fields["signed_on"].clean(self.data.get("signed_on")) if self.is_bound else None
        except forms.ValidationError:
            return None
        return found


class WithdrawForm(RetypeForm):
    """A withdrawal: how far it goes, since when."""

    level = ChoicesField(label="How far does the withdrawal go?", coerce=lambda value: Level(int(value)))
    withdrawn_on = DayField(label="Said on", is_past=True)
    why = forms.CharField(
        label="Reason, if one was given freely",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="No reason is required, and none is asked for. No names.",
    )

    def __init__(self, *args: Any, beyond: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [  # type: ignore[attr-defined]
            (str(level.value), level.label) for level in Level if level > beyond
        ]
        self.fields["withdrawn_on"].initial = timezone.localdate()


def _name_version(form: ConsentForm) -> str:
    return f"{form.version}, information sheet {form.sheet_version}, valid from {write_day(form.valid_from)}"
