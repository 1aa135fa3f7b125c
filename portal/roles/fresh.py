"""Grave acts want a sign-in of the last few minutes (ASVS 5.0, 7.5.3): who sits there now, not who sat there at nine.

What counts is the session's own record of each time its person proved who they are, which django-allauth keeps: the
sign-in itself, and every later question for the password or a code.
"""

import functools
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from portal.core.errors import FreshSignInNeeded
from portal.roles.http import Request

P = ParamSpec("P")


def is_fresh(request: HttpRequest) -> bool:
    """True if the one who asks has proved who they are in the last FRESH_SIGN_IN_SECONDS."""
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    return bool(records) and 0 <= time.time() - records[-1]["at"] < settings.FRESH_SIGN_IN_SECONDS


def require_fresh(request: HttpRequest) -> None:
    """Raise FreshSignInNeeded unless the sign-in is fresh; the page for signing in again then leads back here."""
    if not is_fresh(request):
        raise FreshSignInNeeded("this needs a sign-in of the last few minutes")


def remember_sign_in(request: HttpRequest, method: str) -> None:
    """Record that the signed-in person proved who they are just now; `method` says how."""
    record_authentication(request, request.user, method)


def grave(view: Callable[Concatenate[Request, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate the view of a grave act: form and act alike want a fresh sign-in."""

    @functools.wraps(view)
    def ask_first(request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        require_fresh(request)
        return view(request, *args, **kwargs)

    return ask_first
