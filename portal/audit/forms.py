"""Which acts a list shows."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from portal.audit.access import list_actors
from portal.audit.models import Act
from portal.core.forms import DayField


class ActFilterForm(forms.Form):
    """Acts by who, on what, on which day."""

    actor = forms.ChoiceField(label="Who", required=False)
    subject = forms.CharField(
        label="On what", required=False, max_length=80, help_text="A code, as EXB-0001-K, or a study's code."
    )
    day = DayField(label="On which day", required=False, is_past=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["actor"].choices = [("", "Everybody"), *list_actors()]  # type: ignore[attr-defined]

    def narrow(self, acts: QuerySet[Act]) -> QuerySet[Act]:
        """Return the acts that were asked for; a filter that cannot be read leaves all of them."""
        if not self.is_valid():
            return acts
        data = self.cleaned_data
        if data["actor"]:
            acts = acts.filter(actor=data["actor"])
        if data["subject"]:
            acts = acts.filter(subject=data["subject"].strip())
        if data["day"]:
            # The day as the clinic's clock counts it; on the two days of the clock change it has 23 or 25 hours.
            zone = timezone.get_current_timezone()
            start = datetime.combine(data["day"], time.min, zone)
            acts = acts.filter(at__gte=start, at__lt=datetime.combine(data["day"] + timedelta(days=1), time.min, zone))
        return acts
