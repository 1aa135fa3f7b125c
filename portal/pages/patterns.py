"""The page of patterns: every piece of the interface with an example that works."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from portal.pages import examples
from portal.pages.context import actor_of_request, may_see_patterns


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Show all patterns; a POST of the example form shows how errors look."""
    _only_who_may(request)
    sent = request.method == "POST"
    form = examples.MeasuresForm(request.POST) if sent else examples.MeasuresForm()
    wrong = sent and not form.is_valid()
    context = examples.make_context() | {"form": form, "wrong": wrong, "taken": sent and not wrong}
    return render(request, "portal/pages/patterns.html", context, status=422 if wrong else 200)


@require_GET
def show_progress(request: HttpRequest) -> HttpResponse:
    """Answer the next step of the example job; the step asked for travels in the address."""
    _only_who_may(request)
    asked = request.GET.get("step", "0")
    progress = examples.make_progress(int(asked) if asked.isdigit() else 0)
    if request.headers.get("HX-Request"):
        return render(request, "_progress.html", {"progress": progress})
    return render(request, "portal/pages/patterns.html", examples.make_context() | {"progress": progress})


def _only_who_may(request: HttpRequest) -> None:
    if not may_see_patterns(actor_of_request(request)):
        raise Http404
