"""May this participant's data be used for this, on this day? One predicate, with its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cohort.consent.models import ITEMS, Consent, Level, Withdrawal
from cohort.consent.purposes import ENDS_AT, NEEDS, Purpose
from cohort.participants.models import Participant
from cohort.study.models import Basis, ConsentForm
from portal.core.dates import write_day


@dataclass(frozen=True)
class Decision:
    """The answer, why, and the consent it rests on."""

    allowed: bool
    reason: str
    consent: Consent | None = None


def may_use(participant: Participant, purpose: Purpose, day: date) -> Decision:
    """Decide for one participant, one purpose and one day."""
    return decide_each(participant, day, (purpose,))[purpose]


def decide_each(participant: Participant, day: date, purposes: Iterable[Purpose] = Purpose) -> dict[Purpose, Decision]:
    """Decide for several purposes at once, reading consents and withdrawals a single time."""
    if participant.study.basis == Basis.PUBLIC_USE:
        return dict.fromkeys(purposes, Decision(True, "public-use data set: no consent of our own is needed"))
    consents = [one for one in participant.consents.select_related("form__approval") if one.signed_on <= day]
    withdrawals = [one for one in participant.withdrawals.all() if one.withdrawn_on <= day]
    return {purpose: decide(consents, withdrawals, purpose) for purpose in purposes}


def decide(consents: list[Consent], withdrawals: list[Withdrawal], purpose: Purpose) -> Decision:
    """Decide from what was signed and withdrawn up to the day; the latest signing counts."""
    if not consents:
        return Decision(False, "no consent was signed")
    current = max(consents, key=lambda one: (one.signed_on, one.recorded_at))
    furthest = max(withdrawals, key=lambda one: one.level, default=None)
    if furthest is not None and furthest.level >= ENDS_AT[purpose]:
        words = Level(furthest.level).label.lower()
        return Decision(False, f"withdrawn on {write_day(furthest.withdrawn_on)}: {words}", current)
    for item in NEEDS[purpose]:
        answer = getattr(current, item)
        if answer is not True:
            said = "was not asked" if answer is None else "was answered no"
            return Decision(False, f"'{ITEMS[item]}' {said} on {write_day(current.signed_on)}", current)
    return Decision(True, f"consent form {current.form.version}, signed {write_day(current.signed_on)}", current)


def is_reconsent_due(participant: Participant, day: date) -> bool:
    """True if a newer form version asks everybody again and the participant has not signed it."""
    current = participant.consents.filter(state="given").select_related("form").first()
    if current is None:
        return False
    newer = ConsentForm.objects.filter(
        study=participant.study_id, reconsent_required=True, valid_from__gt=current.form.valid_from, valid_from__lte=day
    )
    return newer.exclude(pk=current.form_id).exists()
