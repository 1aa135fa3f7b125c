"""Actors and clients for the tests of the page frame."""

import uuid

from portal.roles.actors import Actor, Held


def make_actor(*roles: str, name: str = "Nora Nurse") -> Actor:
    """Return a signed-in actor that stands in no database."""
    return Actor(name=name, user_pk=uuid.UUID(int=7), held=tuple(Held(role, None) for role in roles))
