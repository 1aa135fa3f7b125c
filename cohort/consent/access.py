"""Reading consents: the one that counts, and how participants stand."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from cohort.consent.models import Consent, ConsentState, Level, Withdrawal
from cohort.participants.models import Participant
from cohort.study.models import ConsentForm


@dataclass(frozen=True)
class Standing:
    """How a participant stands: how far they withdrew, if they did, and whether they are to be asked again."""

    furthest: Level | None
    is_reconsent_due: bool


def get_current_consent(participant: Participant) -> Consent | None:
    """Return the latest signing, withdrawn or not; None if the participant never signed."""
    found = participant.consents.exclude(state=ConsentState.SUPERSEDED).select_related("form__approval", "taken_by")
    return found.first()


def with_standing(participants: QuerySet[Participant], day: date) -> QuerySet[Participant]:
    """Add `furthest_level` (of the withdrawals, or None), `is_reconsent_due` and `first_signed_on` to each participant.

    The same rule as `cohort.consent.rules.is_reconsent_due`, for a whole list at once; who withdrew is not asked.
    """
    current = Consent.objects.filter(participant=OuterRef("pk"), state=ConsentState.GIVEN)
    newer = ConsentForm.objects.filter(
        study=OuterRef("study"),
        reconsent_required=True,
        valid_from__lte=day,
        valid_from__gt=OuterRef("signed_form_from"),
    )
    return participants.annotate(
        furthest_level=Max("withdrawals__level"),
        first_signed_on=Min("consents__signed_on"),
        signed_form_from=Subquery(current.values("form__valid_from")[:1]),
    ).annotate(is_reconsent_due=Q(furthest_level=None) & Exists(newer))


def standing_of(participant: Participant) -> Standing:
    """Return how a participant of a list `with_standing` stands."""
    level: int | None = participant.furthest_level  # type: ignore[attr-defined]
    is_due: bool = participant.is_reconsent_due  # type: ignore[attr-defined]
    return Standing(None if level is None else Level(level), is_due)


def enrolled_on(participant: Participant) -> date:
    """Return since when a participant of a list `with_standing` takes part: the first signature, else the entry."""
    signed_on: date | None = participant.first_signed_on  # type: ignore[attr-defined]
    return signed_on or timezone.localdate(participant.enrolled_at)


def list_withdrawn_from_use(study_pk: UUID, since: datetime | None = None) -> list[UUID]:
    """Return the participants of a study who took back any further use of their data.

    since: those alone whose withdrawal was recorded then or later. What was said earlier and written down later binds
    whoever uses data from the writing on, so the day on which it was said is not asked.
    """
    found = Withdrawal.objects.filter(participant__study=study_pk, level=Level.NO_FURTHER_USE)
    if since is not None:
        found = found.filter(recorded_at__gte=since)
    return sorted(found.values_list("participant", flat=True))


def list_reconsent_due(participants: QuerySet[Participant], day: date) -> QuerySet[Participant]:
    """Return those who must be asked again, because a newer form says so."""
    return with_standing(participants, day).filter(is_reconsent_due=True)  # type: ignore[misc]
