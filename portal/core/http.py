"""Our own errors become answers a person can act on: one place for pages and API."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from rest_framework.response import Response
from rest_framework.views import exception_handler

from portal.core.errors import (
    FreshSignInNeeded,
    NotAllowed,
    Refused,
    StaleState,
    TrabeculaError,
    UnreadableFile,
    WrongState,
)
from portal.core.storage import StorageFull

STATUS_OF: dict[type[TrabeculaError], int] = {
    NotAllowed: 403,
    WrongState: 409,
    StaleState: 409,
    Refused: 422,
    UnreadableFile: 422,
    StorageFull: 507,
}


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status of one of our errors, or None for any other."""
    return next((status for kind, status in STATUS_OF.items() if isinstance(error, kind)), None)


class ErrorsToAnswers:
    """Middleware: an error of ours raised by a view becomes its page or its JSON."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, FreshSignInNeeded):
            back = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/")
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")
        status = status_of(error)
        if status is None:
            return None
        if request.path.startswith("/api/"):
            return JsonResponse({"detail": str(error)}, status=status)
        return render(request, f"{status}.html", {"reason": str(error)}, status=status)


def api_exception_handler(error: Exception, context: dict[str, object]) -> Response | None:
    """Answer our errors with their status and one sentence; leave the rest to DRF."""
    status = status_of(error)
    if status is not None:
        return Response({"detail": str(error)}, status=status)
    if isinstance(error, Http404):
        # DRF would repeat the model's name; a stranger learns nothing.
        return Response({"detail": "Not found."}, status=404)
    return exception_handler(error, context)
