"""Pages of model versions: the list, one with its card, its files."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from frontend.parts import Link
from modelling.zoo import shown
from modelling.zoo.access import count_withdrawn_since, get_model_for, list_models_for
from portal.core.storage import open_blob
from portal.roles.http import Request
from portal.roles.policy import may, require

PAGE_SIZE = 25


@require_GET
def models(request: Request) -> HttpResponse:
    """List the model versions, the newest first."""
    page = Paginator(list_models_for(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "modelling/zoo/models.html", {"table": shown.models_table(page), "page": page})


@require_GET
def model(request: Request, pk: UUID) -> HttpResponse:
    """Show one model version."""
    found = get_model_for(request.actor, pk)
    context = {
        "model": found,
        "origin": found.origin,
        "card": found.card,
        "facts": shown.facts_of(found),
        "hashes": shown.hashes_of(found),
        "chart": shown.make_scores_chart(found),
        "scores": shown.scores_table(found),
        "files": shown.files_table(found),
        "may_try": may(request.actor, "model.try"),
        "n_withdrawn": count_withdrawn_since(found),
        "crumbs": [Link("Models", reverse("models")), Link(found.name)],
    }
    return render(request, "modelling/zoo/model.html", context)


@require_GET
def model_file(request: Request, pk: UUID, name: str) -> FileResponse:
    """Give one file of a model version, checked against its hash."""
    found = get_model_for(request.actor, pk)
    require(request.actor, "model.take")
    digest = next((one["sha256"] for one in found.files if one["path"] == name), None)
    if digest is None:
        raise Http404
    return FileResponse(open_blob(digest, verify=True), as_attachment=True, filename=f"{found.origin}-{name}")
