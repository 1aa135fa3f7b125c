"""Where one can go: the doors of the main navigation, each with the line of the permission table that opens it."""

from dataclasses import dataclass

from django.urls import reverse

from frontend.parts import Link
from portal.roles.actors import Actor
from portal.roles.policy import may


@dataclass(frozen=True)
class Door:
    """A page of the main navigation: its URL name, and in one sentence what one does there."""

    label: str
    url_name: str
    action: str
    sentence: str


DOORS: tuple[Door, ...] = (
    Door("Participants", "participants", "participant.list", "Screen, enrol and look up the people of your sites."),
    Door("Queries", "queries", "query.view", "Questions about what was filled in."),
    Door("Snapshots", "snapshots", "snapshot.view", "What a model may learn from: chosen, counted, frozen, hashed."),
    Door("Runs", "runs", "run.view", "Train models, watch them learn, compare them."),
    Door("Models", "models", "model.view", "Model versions with their cards."),
    Door("Evaluations", "evaluations", "evaluation.view", "Blinded evaluations, from the question to the reveal."),
    Door("Reference images", "reference-images", "study.view", "Real images that belong to no participant."),
    Door("Studies", "studies", "study.view", "Protocol, ethics approvals, sites and devices."),
    Door("People", "people", "person.view", "Who works on the study, in which role and until when."),
    Door("Jobs", "jobs", "job.view", "What the machine is working on, and what went wrong."),
    Door("Audit", "audit", "audit.view", "Who did what and when, and the proof that nobody changed it."),
)


def list_doors_for(actor: Actor) -> list[tuple[Door, str]]:
    """Return the doors open to the actor, each with its address."""
    return [(door, reverse(door.url_name)) for door in DOORS if may(actor, door.action)]


def make_nav(actor: Actor, path: str) -> list[Link]:
    """Return the main navigation for the actor, with the entry marked that `path` belongs to."""
    if not actor.is_known:
        return []
    home = reverse("home")
    links = [Link("Home", home, current=path == home)]
    return links + [Link(door.label, url, current=path.startswith(url)) for door, url in list_doors_for(actor)]
