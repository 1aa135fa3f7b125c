"""Tables of people and roles, ready to be shown."""

from collections.abc import Iterable
from datetime import date

from django.urls import reverse
from django.utils import timezone

from frontend.parts import Cell, Table
from portal.accounts.access import find_who_granted
from portal.accounts.models import User
from portal.roles.models import Membership

EVERY_SITE = "every site"


def make_people_table(people: Iterable[User]) -> Table:
    """Return everybody with today's roles, the state of the account and whether a second factor is set up."""
    today = timezone.localdate()
    rows = [
        [
            Cell(user.name, url=reverse("person", args=[user.pk])),
            user.email,
            "; ".join(_say_role(one) for one in user.memberships.all() if user.is_active and _holds_on(one, today))
            or "none today",
            Cell(state=state_of(user)),
            "set up" if user.second_factor else "not yet",  # type: ignore[attr-defined]
        ]
        for user in people
    ]
    columns = ["Name", "E-mail address", "Roles today", "Account", "Second factor"]
    return Table("Everybody you may see", columns, rows)


def make_roles_table(memberships: Iterable[Membership], caption: str, *, may_end: bool = False) -> Table:
    """Return the roles of one person with their days, each with a link to end it where that is possible."""
    today = timezone.localdate()
    rows = []
    for one in memberships:
        cells: list[Cell | str] = [one.get_role_display(), _site(one), _day(one.starts_on), _last_day(one)]
        cells.append(Cell(state=_standing(one, today)))
        if may_end:
            ends = one.ends_on is None or one.ends_on > today
            cells.append(Cell("End", url=reverse("role-end", args=[one.pk])) if ends else "")
        rows.append(cells)
    columns = ["Role", "Site", "First day", "Last day", "Now"] + (["Change"] if may_end else [])
    return Table(caption, columns, rows, empty="No role yet.")


def make_delegation_table(memberships: list[Membership]) -> Table:
    """Return the delegation log: who may do what, where, from when to when, and by whose hand (ICH E6(R3) 2.3)."""
    granted = find_who_granted(memberships)
    rows = []
    for one in memberships:
        hands = granted.get(one.pk)
        given, ended = (hands.given_by, hands.ended_by) if hands else ("", "")
        row = [one.user.name, one.get_role_display(), _site(one), _day(one.starts_on), given, _last_day(one), ended]
        rows.append(row)
    columns = ["Name", "Role", "Site", "From", "Given by", "To", "Ended by"]
    return Table("Delegation log", columns, rows, note="in the order in which the roles began")


def state_of(user: User) -> str:
    """Return active, invited or closed: how the account stands."""
    if not user.is_active:
        return "closed"
    newest = next(iter(sorted(user.invitations.all(), key=lambda one: one.created_at, reverse=True)), None)
    return "active" if newest is None or newest.used_at else "invited"


def say_roles(user: User) -> str:
    """Return today's roles of a person in words."""
    held = Membership.objects.on(timezone.localdate()).filter(user=user).select_related("site")
    return "; ".join(_say_role(one) for one in held) or "no role today"


def _say_role(one: Membership) -> str:
    return f"{one.get_role_display()}, {_site(one)}"


def _holds_on(one: Membership, day: date) -> bool:
    return one.starts_on <= day and (one.ends_on is None or one.ends_on >= day)


def _standing(one: Membership, day: date) -> str:
    if one.starts_on > day:
        return "planned"
    return "active" if _holds_on(one, day) else "ended"


def _site(one: Membership) -> str:
    return one.site.name if one.site else EVERY_SITE


def _day(day: date) -> str:
    return f"{day:%d %b %Y}"


def _last_day(one: Membership) -> str:
    return _day(one.ends_on) if one.ends_on else "open"
