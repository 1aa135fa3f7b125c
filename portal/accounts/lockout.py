"""Locked out after too many wrong passwords: counted by e-mail address and place together, in the database.

By both, so that nobody can lock somebody else out from afar. The answer is the same whether the account exists.
"""

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from allauth.core.internal.httpkit import get_client_ip
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

IPV6_PREFIX = 64
"""Bits of an IPv6 address that stand for one place: a household or ward is handed a whole /64 (RFC 6177)."""


def name_tried(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """Return the e-mail address somebody tried to sign in with, in lower case."""
    given = credentials or {}
    tried = given.get("email") or given.get("login") or given.get("username") or request.POST.get("login", "")
    return tried.strip().lower()


def client_address(request: HttpRequest) -> str:
    """Return the place somebody asks from; behind our own proxy the address that the proxy saw."""
    found = get_client_ip(request)
    if not found:
        # A socket of the machine itself has no address.
        return "127.0.0.1"
    address = ipaddress.ip_address(found)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False).network_address)
    return str(found)


def answer(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Mapping[str, str] | None = None
) -> HttpResponse:
    """Answer somebody who is locked out: for how long, and what to do if it was not them."""
    reason = (
        f"Too many wrong passwords. Sign-in for this address opens again at {_opens_at(request, credentials):%H:%M}."
    )
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": reason}, status=HTTPStatus.TOO_MANY_REQUESTS)
    return render(request, "429.html", {"reason": reason}, status=HTTPStatus.TOO_MANY_REQUESTS)


def _opens_at(request: HttpRequest, credentials: Mapping[str, str] | None) -> datetime:
    attempts = AxesProxyHandler.get_implementation().get_user_attempts(request, dict(credentials or {}))
    times = [attempt.attempt_time for found in attempts for attempt in found]
    return timezone.localtime(max(times, default=timezone.now()) + get_cool_off(request))
