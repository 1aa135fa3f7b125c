"""Whether something new may be learned from a snapshot: asked each time, since people can take their data back."""

from dataclasses import dataclass

from cohort.consent.access import list_withdrawn_from_use
from cohort.consent.models import Consent
from cohort.datasets.models import Snapshot
from portal.core.errors import Refused


@dataclass(frozen=True)
class Usability:
    """The answer: empty `reason_against` where nothing speaks against it."""

    reason_against: str = ""

    @property
    def is_usable(self) -> bool:
        """True where something new may be learned from it."""
        return not self.reason_against


def is_usable(snapshot: Snapshot) -> Usability:
    """Return whether something new may be learned from a snapshot, with what speaks against it.

    Whether somebody who left stood in it is not looked up, on purpose: the answer would tell which part the draw put
    them in. Who takes back the use of their data makes every older training snapshot of the study unusable.
    """
    if snapshot.built_at is None:
        return Usability("it is not built")
    people = {"participant__study": snapshot.study_id, "participant__enrolled_at__lte": snapshot.built_at}
    since = snapshot.asked_at
    if list_withdrawn_from_use(snapshot.study_id, since):
        return Usability("somebody of the study has withdrawn from any further use since it was made")
    if Consent.objects.filter(**people, recorded_at__gt=since).exclude(con_i_ai=True).exists():
        return Usability("somebody of the study has answered no to training and testing since it was made")
    return Usability()


def require_usable(snapshot: Snapshot) -> None:
    """Raise Refused, with the reason, where nothing new may be learned from a snapshot."""
    if reason := is_usable(snapshot).reason_against:
        raise Refused(f"{snapshot} cannot be used: {reason}; make a new snapshot")
