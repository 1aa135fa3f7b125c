"""What every page knows: who looks, at which study, and where they can go."""

import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from cohort.study.access import list_studies_for
from cohort.study.models import Study
from portal.pages.nav import make_nav
from portal.roles.actors import ANONYMOUS, Actor
from portal.roles.models import Role
from portal.roles.policy import may

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
STUDY_KEY = "study"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the context of the page frame. A value of the same name given by a view wins."""
    actor = actor_of_request(request)
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    shared = {
        "theme": chosen if chosen in THEMES else "system",
        "version": settings.VERSION,
        "demo": settings.DEMO,
        "show_patterns": may_see_patterns(actor),
    }
    if not actor.is_known:
        return shared
    studies = list(list_studies_for(actor)) if may(actor, "study.view") else []
    study = choose_study(request, studies)
    return shared | {
        "person": actor.name,
        "person_key": make_person_key(actor),
        "roles": sorted(str(Role(role).label) for role in actor.roles),
        "nav": make_nav(actor, request.path),
        "idle_seconds": settings.IDLE_SECONDS,
        "studies": studies,
        "study": study,
        "origin": study.origin if study else "",
    }


def actor_of_request(request: HttpRequest) -> Actor:
    """Return who asks; nobody where a request was refused before it was looked at."""
    found: Actor = getattr(request, "actor", ANONYMOUS)
    return found


def may_see_patterns(actor: Actor) -> bool:
    """True if the page of patterns is shown: to whoever is signed in, and to anybody in a demo."""
    return settings.DEBUG or settings.DEMO or actor.is_known


def choose_study(request: HttpRequest, studies: list[Study]) -> Study | None:
    """Return the study in hand: the one a view named, else the one chosen before, else the first."""
    named: Study | None = getattr(request, "study", None)
    if named is not None:
        return named
    session = getattr(request, "session", {})
    return next((study for study in studies if study.code == session.get(STUDY_KEY)), studies[0] if studies else None)


def make_person_key(actor: Actor) -> str:
    """Return a word that tells one person's drafts from another's in a browser, and says nothing about them."""
    return hmac.new(settings.SECRET_KEY.encode(), actor.label.encode(), hashlib.sha256).hexdigest()[:16]
