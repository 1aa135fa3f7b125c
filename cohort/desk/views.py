"""Pages that put together what several parts know: a study, and the participants."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from cohort.consent.access import with_standing
from cohort.desk import parts
from cohort.desk.access import list_first_signings
from cohort.desk.forms import ParticipantFilterForm
from cohort.desk.recruitment import Plan, count_months, make_chart
from cohort.enrolment.access import list_share_givers
from cohort.enrolment.opening import SHARES_WANTED
from cohort.participants.access import list_participants_for
from cohort.study import parts as study_parts
from cohort.study.access import get_study_for, list_consent_forms, list_devices, list_studies_for
from cohort.study.models import Basis, Study, StudyState
from cohort.study.protocol import compute_protocol_sha256
from frontend.parts import Chart, Link
from portal.roles.actors import Actor
from portal.roles.http import Request
from portal.roles.policy import may

PER_PAGE = 50


@require_GET
def study(request: Request, code: str) -> HttpResponse:
    """Show a study: what is missing before it can open, recruitment, and what it is made of."""
    found = get_study_for(request.actor, code)
    request.study = found
    return render(request, "cohort/desk/study.html", _describe_study(request.actor, found))


@require_GET
def participants(request: Request) -> HttpResponse:
    """Show the participants of the actor's own sites; a whole code leads straight to its page."""
    everybody = list_participants_for(request.actor)
    studies = list_studies_for(request.actor)
    chosen = ParticipantFilterForm(request.GET, participants=everybody, studies=studies)
    found = chosen.narrow(with_standing(everybody, timezone.localdate()))
    if chosen.is_valid() and (typed := chosen.cleaned_data["code"]) and found.filter(code=typed).exists():
        return redirect("participant", typed)
    page = Paginator(found.order_by("code"), PER_PAGE).get_page(request.GET.get("page"))
    may_screen = may(request.actor, "participant.screen")
    context = {
        "filter": chosen,
        "page": page,
        "table": parts.make_participants_table(page, with_study=chosen.has_studies, with_site=chosen.has_sites),
        "open_studies": studies.filter(state=StudyState.ENROLLING) if may_screen else [],
    }
    return render(request, "cohort/desk/participants.html", context)


def _describe_study(actor: Actor, found: Study) -> dict[str, Any]:
    today = timezone.localdate()
    digest = found.protocol_sha256 or compute_protocol_sha256(found)
    is_setting_up = found.state == StudyState.SETTING_UP
    checklist = parts.make_checklist(actor, found) if is_setting_up else []
    return {
        "study": found,
        "is_setting_up": is_setting_up,
        "checklist": checklist,
        "is_ready": all(one.is_done for one in checklist),
        "chart": None if is_setting_up else _draw_recruitment(found),
        "digest": digest,
        "givers": [name for _, name in list_share_givers(found, digest)],
        "n_shares_wanted": SHARES_WANTED,
        "sites": study_parts.make_study_sites_table(found.study_sites.select_related("site")),
        "approvals": study_parts.make_approvals_table(found.approvals.all(), today),
        "consent_forms": study_parts.make_consent_forms_table(list_consent_forms(found), today),
        "devices": study_parts.make_devices_table(list_devices(found)),
        "may_set_up": may(actor, "study.set_up"),
        "may_approve": may(actor, "study.add_approval"),
        "may_add_device": may(actor, "study.add_device"),
        "may_import": found.basis == Basis.PUBLIC_USE and may(actor, "study.import"),
        "may_open": may(actor, "study.open_enrolment"),
        "may_close": found.state == StudyState.ENROLLING and may(actor, "study.close_enrolment"),
        "may_see_people": may(actor, "participant.view"),
        "may_screen": found.state == StudyState.ENROLLING and may(actor, "participant.screen"),
        "crumbs": [Link("Studies", reverse("studies")), Link(found.title)],
    }


def _draw_recruitment(found: Study) -> Chart:
    plan = Plan(found.target_participants, found.target_months)
    start = timezone.localdate(found.opened_at)
    return make_chart(count_months(list_first_signings(found), start, timezone.localdate(), plan), plan)
