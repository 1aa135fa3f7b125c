"""Put `request.actor` on every request: the signed-in person with the memberships of today."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from portal.roles.actors import ANONYMOUS, Actor, Held
from portal.roles.models import Membership


class ActorMiddleware:
    """Attach the actor lazily, so that a page that asks nothing costs nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: actor_of(request.user))  # type: ignore[attr-defined]
        return self.get_response(request)


def actor_of(user: object) -> Actor:
    """Return the actor a user is today; a stranger or a closed account is nobody."""
    if not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", False):
        return ANONYMOUS
    found = Membership.objects.filter(user_id=user.pk).on(timezone.localdate()).values_list("role", "site_id")  # type: ignore[attr-defined]
    return Actor(name=str(user), user_pk=user.pk, held=tuple(Held(role, site) for role, site in found))  # type: ignore[attr-defined]
