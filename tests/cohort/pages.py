"""What the tests of the cohort's pages share: who looks, and what was typed."""

import re
from html import unescape
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from cohort.consent.models import ITEMS
from cohort.study.models import ConsentForm, Study
from cohort.study.services import set_up_study
from portal.roles.actors import Actor
from portal.sites.models import Site
from tests.cast import FIT, Cast, days_ago
from tests.portal.accounts.people import browser_of


def look_as(actor: Actor, *, fresh: bool = True) -> Client:
    """Return a browser in which one of the cast is signed in."""
    return browser_of(get_user_model().objects.get(pk=actor.user_pk), fresh=fresh)


def read(response: HttpResponse) -> str:
    """Return a page's source, with white space folded."""
    return " ".join(response.content.decode().split())


def words(response: HttpResponse) -> str:
    """Return what a person reads on a page: no tags, white space folded; table cells stand a bar apart."""
    source = re.sub(r"<(script|style)\b.*?</\1>", " ", read(response), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</t[hd]>", " | ", source))).split())


def typed_screening(site: Site, **changes: Any) -> dict[str, Any]:
    """Return the screening form as a browser sends it, of somebody who may take part but for the changes."""
    answers = {**FIT, "scr_date": written(days_ago(1)), "site": site.pk, **changes}
    return {name: _typed(value) for name, value in answers.items()}


def typed_identity(given_name: str = "Ann", **changes: Any) -> dict[str, Any]:
    """Return an invented identity as a browser sends it."""
    return {
        "family_name": "Example",
        "given_name": given_name,
        "birth_date": written(days_ago(66 * 365 + 60)),
        **changes,
    }


def typed_signing(form: ConsentForm, **changes: Any) -> dict[str, Any]:
    """Return a signing of every item as a browser sends it, but for the changes."""
    whole: dict[str, Any] = {"signed_on": written(timezone.localdate()), "version": form.pk, "mode": "1"}
    return {**whole, **dict.fromkeys(ITEMS, "yes"), "copy_given": "on", **changes}


def make_young_study(cast: Cast, code: str = "later") -> Study:
    """Set up a study that is not open yet and that no site has joined."""
    return set_up_study(actor=cast.paula, code=code, title="The later study", origin="human")


def written(day: Any) -> str:
    """Return a day as the clinic types it."""
    return f"{day.day}/{day.month}/{day.year}"


def _typed(value: Any) -> Any:
    return {True: "1", False: "0"}[value] if isinstance(value, bool) else value
