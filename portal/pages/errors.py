"""Error pages: what happened in one sentence, and what to do next. A missing page says nothing about what exists."""

import sys
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

_SENTENCES: dict[int, str] = {
    400: "The request could not be understood.",
    403: "Not allowed.",
    404: "Not found.",
    413: "That was too large.",
    500: "Something broke on our side.",
    503: "The portal cannot reach its database.",
}


def answer_400(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Answer a request that cannot be read; what is too large gets its own page."""
    return _answer(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def answer_403(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Answer somebody who may not do this."""
    return _answer(request, 403)


def answer_404(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Answer in the same words whether the thing belongs to another site or never was."""
    return _answer(request, 404)


def answer_500(request: HttpRequest) -> HttpResponseBase:
    """Answer a fault of ours, without asking the database for anything: it may be what is broken."""
    # Django calls this while the error is being handled, so it can still be looked at.
    status = 503 if isinstance(sys.exception(), OperationalError | InterfaceError) else 500
    if _is_api(request):
        return JsonResponse({"detail": _SENTENCES[status]}, status=status)
    return HttpResponse(render_to_string(f"{status}.html"), status=status)


def answer_forged(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form whose token does not fit: mostly a page left open over a new sign-in."""
    return render(request, "403.html", {"is_old_form": True}, status=HTTPStatus.FORBIDDEN)


def _answer(request: HttpRequest, status: int) -> HttpResponseBase:
    if _is_api(request):
        return JsonResponse({"detail": _SENTENCES[status]}, status=status)
    return render(request, f"{status}.html", status=status)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
