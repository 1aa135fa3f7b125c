"""Gather what a form rests on beside itself: the visit, the participant, consent, answers of other forms."""

from datetime import date
from typing import Any

from django.utils import timezone

from cohort.consent.access import get_current_consent
from cohort.crf.branching import list_known_variables
from cohort.crf.calculations import Known
from cohort.crf.filling import Setting
from cohort.crf.models import Record
from cohort.participants.models import Visit
from cohort.study.dictionary import Form

BASELINE, IMAGING = "BL", "BLI"
_FROM_LAST_TIME = {"ant": ("height_cm", "weight_kg")}


def gather(visit: Visit, form: Form) -> Setting:
    """Return what a form of this visit rests on today."""
    today = timezone.localdate()
    participant = visit.participant
    days = {one.code: one for one in participant.visits.filter(code__in=(BASELINE, IMAGING))}
    imaged_on = days[IMAGING].happened_on if IMAGING in days else None
    consent = get_current_consent(participant)
    known = Known(
        sex=participant.sex,
        age_y=visit.age_y,
        birth_year=participant.birth_year,
        visit_code=visit.code,
        visit_on=visit.happened_on,
        baseline_on=(days[BASELINE].happened_on or days[BASELINE].due_on) if BASELINE in days else None,
        imaged_on=imaged_on,
        others=_gather_others(visit, form, consent),
    )
    named: dict[str, date | str | None] = {
        "today": today,
        "visit": visit.happened_on,
        "con_date": consent.signed_on if consent else None,
        "dob": str(participant.birth_year),
        "baseline": imaged_on,
        "opens": visit.opens_on,
        "closes": visit.closes_on,
    }
    return Setting(known, {name: str(value) for name, value in named.items() if value is not None}, today)


def _gather_others(visit: Visit, form: Form, consent: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in list_known_variables(form):
        if name.startswith("con_i_") and consent is not None:
            found[name] = {True: "1", False: "0"}.get(getattr(consent, name))
    found["inpatient"] = {True: "1", False: "0"}.get(visit.is_inpatient)  # type: ignore[arg-type]
    if form.code == "img":
        last = _find_latest(visit, "dem")
        found["hand_dom"] = last.get("hand_dom")
    for name in _FROM_LAST_TIME.get(form.code, ()):
        found[f"before.{name}"] = find_last_time(visit, form.code).get(name)
    return {name: value for name, value in found.items() if value is not None}


def find_last_time(visit: Visit, form: str) -> dict[str, Any]:
    """Return the answers of the same form at the visit before; empty for a form kept in the closed schema."""
    if visit.happened_on is None:
        return {}
    earlier = Record.objects.filter(
        participant_id=visit.participant_id, form=form, visit__happened_on__lt=visit.happened_on
    )
    record = earlier.order_by("-visit__happened_on", "number").first()
    return dict(record.answers) if record else {}


def _find_latest(visit: Visit, form: str) -> dict[str, Any]:
    record = (
        Record.objects.filter(participant_id=visit.participant_id, form=form)
        .order_by("-visit__happened_on", "number")
        .first()
    )
    return dict(record.answers) if record else {}
