"""Which participants a list shows."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from cohort.participants.models import Participant
from cohort.study.models import Study
from portal.sites.models import Site

TAKING_PART, DUE, WITHDRAWN = "taking_part", "due", "withdrawn"


class ParticipantFilterForm(forms.Form):
    """Participants by code, study, site and how they stand. A name is not asked: names cannot be searched."""

    code = forms.CharField(
        label="Code",
        required=False,
        max_length=20,
        help_text="Or its beginning. Names cannot be searched.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    study = forms.ModelChoiceField(Study.objects.none(), to_field_name="code", required=False, empty_label="All")
    site = forms.ModelChoiceField(Site.objects.none(), to_field_name="prefix", required=False, empty_label="All")
    state = forms.ChoiceField(
        label="How they stand",
        choices=[("", "All"), (TAKING_PART, "Taking part"), (DUE, "To be asked again"), (WITHDRAWN, "Withdrawn")],
        required=False,
    )

    def __init__(
        self, *args: Any, participants: QuerySet[Participant], studies: QuerySet[Study], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["study"].queryset = studies  # type: ignore[attr-defined]
        sites = Site.objects.filter(pk__in=participants.order_by().values("site"))
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]

    @property
    def has_studies(self) -> bool:
        """True if there is more than one study to choose from."""
        return self.fields["study"].queryset.count() > 1  # type: ignore[attr-defined, no-any-return]

    @property
    def has_sites(self) -> bool:
        """True if there is more than one site to choose from."""
        return self.fields["site"].queryset.count() > 1  # type: ignore[attr-defined, no-any-return]

    def clean_code(self) -> str:
        """Return the code as codes are written."""
        return str(self.cleaned_data["code"]).strip().upper().replace(" ", "")

    def narrow(self, participants: QuerySet[Participant]) -> QuerySet[Participant]:
        """Return those who were asked for, of a list that carries its standing."""
        if not self.is_valid():
            return participants.none()
        data = self.cleaned_data
        wanted: dict[str, Any] = {
            "code__startswith": data["code"] or None,
            "study": data["study"],
            "site": data["site"],
            **_STANDING[data["state"]],
        }
        return participants.filter(**{name: value for name, value in wanted.items() if value is not None})


_STANDING: dict[str, dict[str, Any]] = {
    "": {},
    TAKING_PART: {"furthest_level__isnull": True},
    DUE: {"is_reconsent_due": True},
    WITHDRAWN: {"furthest_level__isnull": False},
}
