"""The page on which a film is shown to a model version."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cohort.imaging.access import get_reference_image_for, list_reference_images_for
from frontend.parts import Link
from modelling.engine.metrics.tasks import describe_task
from modelling.runs import try_shown
from modelling.runs.trying import find_try, look_at, read_prediction, try_model, why_no_risk
from modelling.zoo.access import get_model_for
from portal.core.forms import sentence
from portal.roles.http import Request
from portal.roles.policy import require


@require_http_methods(["GET", "POST"])
@never_cache
def model_try(request: Request, pk: UUID) -> HttpResponse:
    """Choose a film; show what is measured in it, and the model's answer or the reason why there is none."""
    model = get_model_for(request.actor, pk)
    require(request.actor, "model.try")
    if request.method == "POST":
        image = get_reference_image_for(request.actor, request.POST.get("image", ""))
        try_model(actor=request.actor, model=model, image=image)
        return redirect(f"{reverse('model-try', args=[pk])}?{urlencode({'image': image.slug})}")
    films = [one for one in list_reference_images_for(request.actor) if one.file_sha256]
    context = {
        "model": model,
        "origin": model.origin,
        "films": films,
        "why_no_risk": sentence(why_no_risk(model)) if why_no_risk(model) else "",
        "output": describe_task(model.task).output,
        "crumbs": [
            Link("Models", reverse("models")),
            Link(model.name, reverse("model", args=[pk])),
            Link("Try a film"),
        ],
    }
    if slug := request.GET.get("image"):
        chosen = get_reference_image_for(request.actor, slug)
        look, job = look_at(chosen), find_try(model, chosen)
        prediction = read_prediction(job) if job and not why_no_risk(model) else None
        context |= {
            "chosen": chosen,
            "facts": try_shown.facts_of(look),
            "measured": try_shown.measured_table(look),
            "job": job,
            "prediction": try_shown.say_prediction(prediction) if prediction else "",
            "job_url": reverse("job", args=[job.pk]) if job else "",
        }
    return render(request, "modelling/runs/model_try.html", context)
