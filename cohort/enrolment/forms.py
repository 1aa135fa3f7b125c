"""What is typed when somebody is screened and enrolled. The questions stand in the order of the paper form."""

from typing import Any

from django import forms
from django.utils import timezone

from cohort.consent.forms import SigningForm
from cohort.enrolment.eligibility import PREGNANCY_ASKED_BELOW_YEARS
from cohort.enrolment.models import Screening, ScreeningState, Side
from cohort.identity.sealing import Identity
from cohort.participants.models import Sex
from cohort.study.models import Study
from portal.core.forms import ChoicesField, DayField, YesNoField
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY
from portal.sites.models import Site


class ScreeningForm(forms.Form):
    """The screening form (CRF form `scr`). No name is asked."""

    site = forms.ModelChoiceField(Site.objects.none(), empty_label="Choose a site")
    scr_date = DayField(label="Date screened", is_past=True)
    scr_source = ChoicesField(label="Where the person was identified", choices=Screening.Source.choices)
    scr_age = forms.IntegerField(label="Age in completed years", min_value=18, max_value=110)
    sex = ChoicesField(label="Sex registered at birth", choices=Sex.choices)
    scr_can_consent = YesNoField(label="Able to give own consent")
    scr_can_attend = YesNoField(label="Able to attend, and to lie or sit still for scans")
    scr_pregnant = ChoicesField(
        label="Pregnancy possible",
        choices=Screening.Pregnancy.choices,
        required=False,
        help_text=f"Asked of women under {PREGNANCY_ASKED_BELOW_YEARS}; leave it open for everybody else.",
    )
    scr_contrast = YesNoField(
        label="Barium, iodinated contrast or radionuclide in the last 14 days",
        help_text="Yes does not exclude: the scan waits until the 14 days are over.",
    )
    scr_wrist_metal = ChoicesField(label="Metalwork in the distal forearm", choices=Side.choices)
    scr_wrist_fx12 = ChoicesField(label="Forearm or wrist fracture in the last 12 months", choices=Side.choices)
    scr_avf = ChoicesField(label="Arteriovenous fistula or lymphoedema arm", choices=Side.choices)
    scr_weight_ok = YesNoField(label="Within the scanner's table limit", help_text="The limit is on its label.")
    scr_bonedisease = YesNoField(label="Other disease of the radius (Paget, tumour, infection, severe deformity)")

    def __init__(self, *args: Any, study: Study, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = Site.objects.filter(pk__in=study.study_sites.values("site"))
        own = actor.sites_as(WHO_MAY["participant.screen"])
        self.sites = list(sites if own is None else sites.filter(pk__in=own))
        field = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in self.sites])  # type: ignore[attr-defined]
        if len(self.sites) == 1:
            field.initial = self.sites[0].pk
            field.widget = forms.HiddenInput()
        self.fields["scr_date"].initial = timezone.localdate()

    def clean(self) -> dict[str, Any]:
        """Ask for the pregnancy where it matters; elsewhere an open answer means that it does not apply."""
        data = super().clean() or {}
        if data.get("scr_pregnant") or "sex" not in data or "scr_age" not in data:
            return data
        if data["sex"] == Sex.FEMALE and data["scr_age"] < PREGNANCY_ASKED_BELOW_YEARS:
            self.add_error("scr_pregnant", f"Asked of women under {PREGNANCY_ASKED_BELOW_YEARS}: choose one.")
        else:
            data["scr_pregnant"] = Screening.Pregnancy.NOT_APPLICABLE
        return data


class ScreeningFilterForm(forms.Form):
    """Which screenings a list shows."""

    state = forms.ChoiceField(choices=[("", "All"), *ScreeningState.choices], required=False, label="Outcome")


def _sensitive(**attrs: str) -> dict[str, str]:
    # Never kept in a browser's drafts, never offered again by the browser.
    return {"data-sensitive": "", "autocomplete": "off", "spellcheck": "false", **attrs}


class IdentityForm(forms.Form):
    """Who the person is. What is typed here goes into the sealed part and nowhere else."""

    family_name = forms.CharField(max_length=120, widget=forms.TextInput(attrs=_sensitive()))
    given_name = forms.CharField(label="Given names", max_length=120, widget=forms.TextInput(attrs=_sensitive()))
    birth_date = DayField(
        label="Date of birth",
        is_past=True,
        help_text="Day, month, year: 15/6/1950",
        widget=forms.TextInput(attrs=_sensitive()),
    )
    hospital_number = forms.CharField(max_length=40, required=False, widget=forms.TextInput(attrs=_sensitive()))
    phone = forms.CharField(max_length=40, required=False, widget=forms.TextInput(attrs=_sensitive(inputmode="tel")))
    address = forms.CharField(max_length=300, required=False, widget=forms.Textarea(attrs=_sensitive(rows="3")))
    gp = forms.CharField(
        label="General practitioner", max_length=200, required=False, widget=forms.TextInput(attrs=_sensitive())
    )

    @property
    def identity(self) -> Identity:
        """The person, as the sealed part keeps it."""
        names = ("family_name", "given_name", "birth_date", "hospital_number", "phone", "address", "gp")
        return Identity(**{name: self.cleaned_data[name] for name in names})


class EnrolForm(SigningForm, IdentityForm):
    """Identity and consent on one page, in this order."""
