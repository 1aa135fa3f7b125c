"""What to try in the demo, for the home page: ticked off by what a visitor did or looked at as one of its people."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from portal.audit.context import act
from portal.audit.models import Act, Read
from portal.demo.tasks import list_tasks
from portal.roles.actors import SETUP, Actor

A_QUARTER = timedelta(minutes=15)
"""Looks are counted by the quarter of an hour, so one just after the making may stand in a quarter begun before it."""

MADE = "the demo is made"
"""Why of the act that ends the making: what the demo's people did before it was done for them."""


@dataclass(frozen=True)
class Suggested:
    """One suggestion as the home page shows it."""

    words: str
    url: str
    is_done: bool


def mark_made() -> None:
    """Leave the act after which acts are a visitor's own."""
    with act(SETUP, "house.set_up", why=MADE):
        pass


def list_suggested_for(actor: Actor) -> list[Suggested]:
    """Return what to try for the actor's roles; nothing outside a demo or before it is made."""
    made = Act.objects.filter(actor=SETUP.label, action="house.set_up", why=MADE).order_by("at").last()
    if not settings.DEMO or made is None:
        return []
    own = Act.objects.filter(actor=actor.label, at__gt=made.at)
    actions = set(own.order_by().values_list("action", flat=True).distinct())
    looked = Read.objects.filter(actor=actor.label, quarter_at__gt=made.at - A_QUARTER)
    looks = set(looked.order_by().values_list("what", flat=True).distinct())
    return [
        Suggested(task.words, reverse(task.url_name), task.is_done(actions, looks))
        for task in list_tasks(sorted(actor.roles))
    ]
