"""The people of a demo, whom anybody may be. Outside a demo nothing here does anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils import timezone

from frontend.parts import Waiting
from portal.accounts.models import User
from portal.accounts.signing import sign_in
from portal.audit.context import act, name_subject
from portal.roles.actors import Actor
from portal.roles.middleware import actor_of
from portal.roles.models import Membership, Role

ListWaiting = Callable[[Actor], Sequence[Waiting]]


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to choose: the key that the form sends, the name and the roles in words."""

    key: str
    name: str
    role: str
    current: bool = False
    waits: str = ""


def list_demo_people(current_pk: UUID | None = None, list_waiting: ListWaiting | None = None) -> list[DemoPerson]:
    """Return the demo's people in the order of the list of roles; nobody outside a demo.

    list_waiting: what waits for an actor, as the home page has it. The address hands it in (portal.urls), because
    the pages stand beside this part of the house, not below it.
    """
    if not settings.DEMO:
        return []
    order = {role.value: place for place, role in enumerate(Role)}
    held: dict[UUID, list[Membership]] = {}
    for one in Membership.objects.on(timezone.localdate()).select_related("site"):
        held.setdefault(one.user_id, []).append(one)
    people = [
        (min((order[one.role] for one in held.get(user.pk, [])), default=len(order)), user)
        for user in User.objects.filter(is_active=True)
    ]
    return [
        DemoPerson(
            str(user.pk),
            user.name,
            _in_words(held.get(user.pk, [])),
            current=user.pk == current_pk,
            waits=_say_waiting(list_waiting(actor_of(user))) if list_waiting else "",
        )
        for _, user in sorted(people, key=lambda pair: (pair[0], pair[1].name))
    ]


def get_demo_person(key: str) -> User:
    """Return the demo's person with this key; anything else is a 404."""
    people = {one.key for one in list_demo_people()}
    if key not in people:
        raise Http404
    return User.objects.get(pk=key)


def sign_in_as(request: HttpRequest, user: User) -> None:
    """Be one of the demo's people. The act says that it was by a button and that nobody proved anything."""
    if not settings.DEMO:
        raise Http404
    with act(actor_of(user), "account.sign_in", why="demo: by one button, without any proof"):
        name_subject(user.key)
        sign_in(request, user, "demo")


def _in_words(memberships: list[Membership]) -> str:
    words = [f"{one.get_role_display().lower()}{f' in {one.site.name}' if one.site else ''}" for one in memberships]
    return ", ".join(words) or "no role today"


def _say_waiting(waiting: Sequence[Waiting]) -> str:
    count = sum(one.count for one in waiting)
    if count == 0:
        return "Nothing waits for you"
    return "1 thing waits for you" if count == 1 else f"{count} things wait for you"
