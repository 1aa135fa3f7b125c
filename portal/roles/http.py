"""The type of a request as views get it."""

from typing import Any

from django.http import HttpRequest

from portal.roles.actors import Actor


class Request(HttpRequest):
    """A request on which ActorMiddleware has put the actor. Only named in types, never made."""

    actor: Actor
    study: Any
    """The study a page is about, if a view names one: the frame around the page shows its name and origin."""
