"""What the page frame is told about the people of a demo, for the switch in its header."""

from django.http import HttpRequest

from portal.accounts.demo import DemoPerson, list_demo_people
from portal.roles.actors import ANONYMOUS


def demo(request: HttpRequest) -> dict[str, list[DemoPerson]]:
    """Return everybody one could be instead; nothing outside a demo or before the sign-in."""
    actor = getattr(request, "actor", ANONYMOUS)
    return {"demo_people": list_demo_people(actor.user_pk)} if actor.is_known else {}
