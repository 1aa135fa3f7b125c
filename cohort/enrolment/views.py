"""Pages of enrolment: the draw's shares, opening, screening, enrolling."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cohort.enrolment import parts, services
from cohort.enrolment.access import get_screening_for, list_screenings_for
from cohort.enrolment.eligibility import REASONS
from cohort.enrolment.forms import EnrolForm, ScreeningFilterForm, ScreeningForm
from cohort.enrolment.models import Screening, ScreeningState
from cohort.enrolment.states import TABLE
from cohort.study.access import get_study_for
from cohort.study.models import Study, StudyState
from frontend.parts import Confirmation, Link
from portal.core.errors import Refused
from portal.core.forms import refusals_on, status_of, typed_in
from portal.roles.http import Request
from portal.roles.policy import may, require
from portal.workflow import list_verbs, require_verb

ask_and_act = require_http_methods(["GET", "POST"])
PER_PAGE = 50


@require_GET
def screenings(request: Request, code: str) -> HttpResponse:
    """Show who was screened, with which outcome and why."""
    study = get_study_for(request.actor, code)
    found = list_screenings_for(request.actor).filter(study=study).order_by("-number")
    chosen = ScreeningFilterForm(request.GET)
    state = chosen.cleaned_data["state"] if chosen.is_valid() else ""
    page = Paginator(found.filter(state=state) if state else found, PER_PAGE).get_page(request.GET.get("page"))
    request.study = study
    context = {
        "study": study,
        "filter": chosen,
        "page": page,
        "table": parts.make_screenings_table(page, request.actor),
        "reasons": parts.make_reasons_table(found.values_list("failed", flat=True)),
        "may_screen": study.state == StudyState.ENROLLING and may(request.actor, "participant.screen"),
        "crumbs": _crumbs_of(study, "Screening"),
    }
    return render(request, "cohort/enrolment/screenings.html", context)


@ask_and_act
def screening_new(request: Request, code: str) -> HttpResponse:
    """Screen somebody; the answer is the verdict."""
    study = get_study_for(request.actor, code)
    require(request.actor, "participant.screen")
    _refuse_unless_enrolling(study)
    form = ScreeningForm(typed_in(request), study=study, actor=request.actor)
    if form.is_valid():
        with refusals_on(form):
            return redirect(
                "screening", services.screen_person(actor=request.actor, study=study, **form.cleaned_data).pk
            )
    request.study = study
    context = {"form": form, "study": study, "crumbs": _crumbs_of(study, "Screening", "Screen somebody")}
    return render(request, "cohort/enrolment/screening_new.html", context, status=status_of(form))


@require_GET
def screening(request: Request, pk: UUID) -> HttpResponse:
    """Show one screening: the verdict, every criterion that failed, the side to avoid, and what can be done."""
    found = get_screening_for(request.actor, pk)
    verbs = list_verbs(found, TABLE)
    may_screen = may(request.actor, "participant.screen", found.site_id)
    request.study = found.study
    context = {
        "screening": found,
        "reasons": [REASONS[key] for key in found.failed],
        "sides": None if found.state == ScreeningState.INELIGIBLE else parts.find_sides(found),
        "answers": parts.make_answers(found),
        "may_enrol": "enrol" in verbs and may(request.actor, "participant.enrol", found.site_id),
        "may_decline": "decline" in verbs and may_screen,
        "may_clear": "clear" in verbs and may_screen,
        "wait_is_over": found.defer_until is not None and found.defer_until <= timezone.localdate(),
        "crumbs": _crumbs_of(found.study, "Screening", str(found)),
    }
    return render(request, "cohort/enrolment/screening.html", context)


@ask_and_act
def screening_decline(request: Request, pk: UUID) -> HttpResponse:
    """Record that the person does not want to take part, once that was asked back."""
    found = get_screening_for(request.actor, pk)
    require(request.actor, "participant.screen", found.site_id)
    require_verb(found, "decline", TABLE)
    if request.method == "POST":
        services.decline_screening(actor=request.actor, screening=found)
        messages.success(request, f"{found} is recorded as declined.")
        return redirect("screening", found.pk)
    request.study = found.study
    confirm = Confirmation(
        title=f"{found} does not want to take part",
        consequences=["The screening ends as declined. No reason is asked for, and none is kept."],
        act="Record that the person declined",
        cancel_url=reverse("screening", args=[found.pk]),
    )
    context = {"screening": found, "confirm": confirm, "crumbs": _crumbs_of_screening(found, "Declined")}
    return render(request, "cohort/enrolment/screening_decline.html", context)


@require_POST
def screening_clear(request: Request, pk: UUID) -> HttpResponse:
    """End a deferral whose wait is over."""
    found = get_screening_for(request.actor, pk)
    require(request.actor, "participant.screen", found.site_id)
    try:
        services.clear_deferral(actor=request.actor, screening=found)
        messages.success(request, f"The wait is over: {found} may be enrolled.")
    except Refused as error:
        messages.error(request, str(error))
    return redirect("screening", found.pk)


@ask_and_act
@never_cache
def enrol(request: Request, pk: UUID) -> HttpResponse:
    """Take identity and consent on one page and enrol; the answer is the participant's code."""
    found = get_screening_for(request.actor, pk)
    require(request.actor, "participant.enrol", found.site_id)
    require_verb(found, "enrol", TABLE)
    form = EnrolForm(typed_in(request), study=found.study)
    if form.is_valid():
        with refusals_on(form):
            participant = services.enrol_participant(
                actor=request.actor,
                screening=found,
                identity=form.identity,
                signing=services.Signing(**form.facts),
            )
            messages.success(request, f"Enrolled as {participant.code}. Write this code on the folder.")
            return redirect("participant", participant.code)
    request.study = found.study
    context = {"form": form, "screening": found, "crumbs": _crumbs_of_screening(found, "Enrol")}
    return render(request, "cohort/enrolment/enrol.html", context, status=status_of(form))


def _refuse_unless_enrolling(study: Study) -> None:
    if study.state != StudyState.ENROLLING:
        raise Refused(f"'{study.code}' is not open for enrolment")


def _crumbs_of(study: Study, *words: str) -> list[Link]:
    crumbs = [Link("Studies", reverse("studies")), Link(study.title, reverse("study", args=[study.code]))]
    addresses = {"Screening": reverse("screenings", args=[study.code])}
    return crumbs + [Link(word, addresses.get(word, "") if word != words[-1] else "") for word in words]


def _crumbs_of_screening(found: Screening, last: str) -> list[Link]:
    crumbs = _crumbs_of(found.study, "Screening", str(found))
    return [*crumbs[:-1], Link(str(found), reverse("screening", args=[found.pk])), Link(last)]
