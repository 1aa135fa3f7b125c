"""What is asked for before a public table is taken in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cohort.exchange.reading import MOST_BYTES
from cohort.study.models import Study
from portal.core.storage import has_blob
from portal.sites.models import Site


class LookForm(forms.Form):
    """A file to look at. It is kept in the store, since the import takes the very bytes somebody looked at."""

    file = forms.FileField(label="Table", help_text="Comma-separated text, plain or gzip-compressed.")

    def clean_file(self) -> Any:
        """Return the file unless it is too large to be one of these tables."""
        found = self.cleaned_data["file"]
        if found.size > MOST_BYTES:
            raise ValidationError(f"The file is larger than {MOST_BYTES // 2**20} MB.", code="large")
        return found


class ImportForm(forms.Form):
    """Take in the table somebody looked at, named by its hash."""

    site = forms.ModelChoiceField(Site.objects.none(), label="Site whose prefix the codes begin with", empty_label=None)
    sha256 = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput())

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = Site.objects.filter(pk__in=study.study_sites.values("site"))
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]

    def clean_sha256(self) -> str:
        """Return the hash if its file is still here."""
        sha256 = str(self.cleaned_data["sha256"])
        if not has_blob(sha256):
            raise ValidationError("The file is not here any more; choose it again.", code="gone")
        return sha256
