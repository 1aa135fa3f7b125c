"""Nothing is open by itself: every address wants a signed-in person with a second factor, but for the few named here.

In this order: the first person, the sign-in, the second factor. A page leads on to where it can be done and comes
back afterwards to where somebody was; a piece of a page (htmx) takes the whole page along; the API says 401 or 403.
"""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from portal.accounts.access import has_second_factor, is_anybody_there
from portal.accounts.sessions import note_activity, why_over
from portal.roles.actors import ANONYMOUS

BACKGROUND = "X-Background"
"""Header of a request that a page makes by itself, as the progress of a job does: it keeps nobody signed in."""

ALWAYS_OPEN = frozenset({"health-live", "health-ready", "theme", "still-here", "patterns", "patterns-progress"})
"""URL names that answer anybody. Further ones are marked where they stand, by Django's `login_not_required`."""

BEFORE_SECOND_FACTOR = ALWAYS_OPEN | {
    "account_logout",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_view_recovery_codes",
}
"""URL names open to somebody who is signed in but has no second factor yet."""

View = Callable[..., HttpResponse]


class SessionRules:
    """Ends sessions, and leads to the first run, the sign-in or the second factor where one of them is missing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.idle_seconds = settings.IDLE_SECONDS  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            _keep_or_end(request)
        return _for_a_piece(request, self.get_response(request))

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> HttpResponse | None:
        """Return where the person must go first, or None to let them pass."""
        name = request.resolver_match.url_name or "" if request.resolver_match else ""
        if name in ALWAYS_OPEN:
            return None
        if not request.user.is_authenticated:
            return _ask_stranger(request, name, is_open=_is_marked_open(request, view))
        if settings.SECOND_FACTOR_REQUIRED and name not in BEFORE_SECOND_FACTOR and not has_second_factor(request.user):
            return _lead(request, reverse("mfa_activate_totp"), "Set up your second factor first.", 403)
        return None


def _ask_stranger(request: HttpRequest, name: str, is_open: bool) -> HttpResponse | None:
    if name != "first-run" and not is_anybody_there():
        return _lead(request, reverse("first-run"), "Nobody is here yet: set up the first person.", 403)
    if is_open:
        return None
    address = f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': _place(request)})}"
    return _lead(request, address, "Sign in first.", 401)


def _is_marked_open(request: HttpRequest, view: View) -> bool:
    """True for a view marked by `login_not_required`. REST framework marks all of its own: they are not meant."""
    return not getattr(view, "login_required", True) and not request.path.startswith("/api/")


def _keep_or_end(request: HttpRequest) -> None:
    now = time.time()
    if why := why_over(request.session, now):
        logout(request)
        request.actor = ANONYMOUS  # type: ignore[attr-defined]
        messages.info(request, f"{why} Sign in to go on where you were.")
    elif BACKGROUND not in request.headers:
        note_activity(request.session, now)


def _lead(request: HttpRequest, address: str, words: str, status: int) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": words}, status=status)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(address)
    return redirect(address)


def _for_a_piece(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Turn a way to the sign-in into one that API and htmx understand: neither can show a page inside of itself."""
    if not isinstance(response, HttpResponseRedirect):
        return response
    where = urlsplit(response.url).path
    if where not in {reverse("account_reauthenticate"), reverse("account_login")}:
        return response
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": "This needs a sign-in of the last few minutes. Sign in again."}, status=401)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(f"{where}?{urlencode({'next': _place(request)})}")
    return response


def _place(request: HttpRequest) -> str:
    """Return the address of the page somebody is on: where they were typing, not where the form was sent."""
    if request.htmx and request.htmx.current_url_abs_path:  # type: ignore[attr-defined]
        return str(request.htmx.current_url_abs_path)  # type: ignore[attr-defined]
    if request.method == "GET":
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc == request.get_host() and came_from.path:
        return f"{came_from.path}{'?' + came_from.query if came_from.query else ''}"
    return "/"
