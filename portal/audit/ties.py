"""Who let whom in: two people tied in this way may not be the two persons of a two-person act (TRUST 1.3).

Whoever makes somebody's link could use it themselves and then be two persons at once. So for seven days after the
link was made, and for seven days after it was used, the two count as one. The facts are the append-only acts.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from portal.audit.models import Act

COOLING = timedelta(days=7)
TYING_ACTIONS = ("person.invite", "person.reset_factor", "person.close")
"""Acts that make a link for somebody; `person.close` is there for the reopening of an account."""
USING_ACTION = "account.join"


def list_tied_to(user_pk: UUID, at: datetime) -> set[UUID]:
    """Return everybody tied to a person at a moment, in whichever direction the link was made."""
    key = f"user:{user_pk}"
    earliest = at - COOLING - timedelta(days=settings.INVITATION_DAYS)
    made = Act.objects.filter(
        Q(actor=key, subject__startswith="user:") | Q(subject=key, actor__startswith="user:"),
        action__in=TYING_ACTIONS,
        at__range=(earliest, at),
    )
    return {
        UUID((one.subject if one.actor == key else one.actor).removeprefix("user:"))
        for one in made
        if one.at >= at - COOLING or _was_used_between(one.subject, max(one.at, at - COOLING), at)
    }


def is_tied(one_pk: UUID, other_pk: UUID, at: datetime) -> bool:
    """True if one of the two made the other's link, or both are the same person."""
    return one_pk == other_pk or other_pk in list_tied_to(one_pk, at)


def _was_used_between(holder: str, since: datetime, until: datetime) -> bool:
    return Act.objects.filter(actor=holder, action=USING_ACTION, at__range=(since, until)).exists()
