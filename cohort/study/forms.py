"""What people type when a study is set up."""

from math import isfinite
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from cohort.study.access import list_devices
from cohort.study.models import Basis, ConsentForm, Device, EthicsApproval, Origin, Study
from portal.core.forms import ChoicesField, DayField, YesNoField
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY
from portal.sites.models import Site

TAKEN_WORDS = frozenset({"new"})
"""Words that stand in addresses where a study's code would stand."""


class StudyRulesForm(forms.Form):
    """The rules of a study that may change until enrolment opens."""

    title = forms.CharField(max_length=200, help_text="As it stands on the protocol.")
    min_age_years = forms.IntegerField(label="Age rule", min_value=18, max_value=110, initial=50)
    min_age_counts = YesNoField(
        label="Does somebody of exactly this age take part?",
        help_text="Yes: at least this age. No: older than this age. The protocol says which.",
        initial=True,
    )
    n_test_per_block = forms.IntegerField(
        label="Drawn into the test set",
        min_value=1,
        max_value=9,
        initial=3,
        help_text="How many of every ten participants of a site, sex and age band. Fixed for good at the opening.",
    )
    target_participants = forms.IntegerField(label="Participants wanted", min_value=1, max_value=100_000, initial=100)
    target_months = forms.IntegerField(label="In how many months", min_value=1, max_value=240, initial=18)
    small_team = YesNoField(
        label="Do only five people run the study?",
        help_text="Roles are then merged; what each merger weakens is printed in every report.",
        initial=False,
    )


class StudyForm(StudyRulesForm):
    """A new study: its rules, and what is fixed from now on."""

    code = forms.SlugField(
        label="Code", max_length=40, help_text="Short, for addresses: small letters, digits and hyphens, as wrist-1."
    )
    origin = ChoicesField(
        label="Where do the people come from?",
        choices=[(Origin.HUMAN, "They exist"), (Origin.SIMULATED, "They are simulated")],
        help_text="Never changes, and what is made of one is never mixed with the other.",
    )
    basis = ChoicesField(label="What allows the use of their data?", choices=Basis.choices, initial=Basis.CONSENT)
    field_order = ("code", "title", "origin", "basis")

    def clean_code(self) -> str:
        """Return the code in small letters."""
        code = str(self.cleaned_data["code"]).lower()
        if code in TAKEN_WORDS:
            raise ValidationError(f"'{code}' cannot be a study's code: it is a word of the portal's own addresses.")
        return code


class SiteForm(forms.Form):
    """A new site."""

    name = forms.CharField(max_length=120, help_text="As the staff say it, for instance Exeter Bone Clinic.")
    prefix = forms.CharField(  # type: ignore[assignment]
        max_length=5,
        help_text="2 to 5 capital letters. Participant codes begin with it, and it is never given twice.",
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "size": "6"}),
    )


class JoinSiteForm(forms.Form):
    """A site that takes part from a day on."""

    site = forms.ModelChoiceField(Site.objects.none(), empty_label="Choose a site")
    joined_on = DayField(label="Takes part from")

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        joined = study.study_sites.values("site")
        self.fields["site"].queryset = Site.objects.exclude(pk__in=joined)  # type: ignore[attr-defined]


class ApprovalForm(forms.Form):
    """A favourable opinion of an ethics committee."""

    committee = forms.CharField(label="Ethics committee", max_length=160)
    reference = forms.CharField(max_length=60, help_text="As it stands on the letter, for instance 26/SW/0042.")
    approved_on = DayField(label="Approved on", is_past=True, help_text="The day of the favourable opinion.")
    ends_on = DayField(label="Ends on", required=False)


class ConsentFormForm(forms.Form):
    """A version of the consent form."""

    approval = forms.ModelChoiceField(
        EthicsApproval.objects.none(), label="Approved by", empty_label="Choose an ethics approval"
    )
    version = forms.CharField(label="Version of the consent form", max_length=20)
    sheet_version = forms.CharField(label="Version of the information sheet", max_length=20)
    valid_from = DayField(label="Valid from", help_text="Not before the day of its approval: 15/6/2026")
    valid_to = DayField(label="Valid to", required=False)
    reconsent_required = YesNoField(label="Is everybody who signed an older version asked again?", initial=False)

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        approvals = EthicsApproval.objects.filter(study=study)
        self.fields["approval"].queryset = approvals  # type: ignore[attr-defined]
        if not self.is_bound and (newest := approvals.first()):
            self.initial.setdefault("approval", newest.pk)

    @staticmethod
    def suggest_version(study: Study) -> str:
        """Return the version that would come next, as 2.0 after 1.0; empty where it cannot be told."""
        newest = ConsentForm.objects.filter(study=study).first()
        if newest is None:
            return "1.0"
        whole = newest.version.split(".")[0]
        return f"{int(whole) + 1}.0" if whole.isdigit() else ""


class DeviceForm(forms.Form):
    """A scanner or X-ray unit of a site at which the actor may add one."""

    site = forms.ModelChoiceField(Site.objects.none(), empty_label="Choose a site")
    kind = ChoicesField(label="Kind", choices=Device.Kind.choices)
    maker = forms.CharField(max_length=60)
    model = forms.CharField(max_length=60)
    serial = forms.CharField(label="Serial number", max_length=60, help_text="As it stands on the plate of the device.")
    in_use_from = DayField(label="In use from")

    def __init__(self, *args: Any, study: Study, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = Site.objects.filter(pk__in=study.study_sites.values("site"))
        own = actor.sites_as(WHO_MAY["study.add_device"])
        self.fields["site"].queryset = sites if own is None else sites.filter(pk__in=own)  # type: ignore[attr-defined]


class NumbersField(forms.CharField):
    """Numbers with commas or spaces between them."""

    default_error_messages: ClassVar = {"invalid": "Found '%(found)s', wanted numbers with commas between: 2, 4, 6, 8"}

    def to_python(self, value: Any) -> Any:
        """Return the numbers."""
        words = str(super().to_python(value)).replace(",", " ").split()
        try:
            found = [float(word) for word in words]
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], "invalid", {"found": value}) from None
        if not all(isfinite(one) for one in found):
            raise ValidationError(self.error_messages["invalid"], "invalid", {"found": value})
        return found


class WedgeForm(forms.Form):
    """The aluminium step wedge on the films of an X-ray unit."""

    device = forms.ModelChoiceField(Device.objects.none(), label="X-ray unit", empty_label="Choose an X-ray unit")
    steps_mm = NumbersField(
        label="Thickness of its steps, mm of aluminium", help_text="The thinnest first: 2, 4, 6, 8, 10, 12, 14, 16"
    )
    length_mm = forms.FloatField(label="Length of one step, mm", help_text="Along the wedge: 4", min_value=0)

    def __init__(self, *args: Any, study: Study, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = actor.sites_as(WHO_MAY["study.name_wedge"])
        units = list_devices(study).filter(kind=Device.Kind.RADIOGRAPH)
        self.fields["device"].queryset = units if own is None else units.filter(site__in=own)  # type: ignore[attr-defined]
