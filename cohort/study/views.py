"""Pages by which a study is set up: its rules, sites, approvals, consent forms and devices."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm, model_to_dict
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from cohort.study import parts, services
from cohort.study.access import get_study_for, list_sites_for, list_studies_for
from cohort.study.forms import (
    ApprovalForm,
    ConsentFormForm,
    DeviceForm,
    JoinSiteForm,
    SiteForm,
    StudyForm,
    StudyRulesForm,
    WedgeForm,
)
from cohort.study.models import Study, StudyState
from cohort.study.protocol import compute_protocol_sha256
from frontend.parts import Link
from portal.core.errors import WrongState
from portal.core.forms import refusals_on, status_of, typed_in
from portal.roles.http import Request
from portal.roles.policy import may, require

ask_and_act = require_http_methods(["GET", "POST"])


@require_GET
def studies(request: Request) -> HttpResponse:
    """Show the studies the actor has a site in."""
    context = {
        "table": parts.make_studies_table(list_studies_for(request.actor)),
        "may_set_up": may(request.actor, "study.set_up"),
    }
    return render(request, "cohort/study/studies.html", context)


@ask_and_act
def study_new(request: Request) -> HttpResponse:
    """Set up a study."""
    require(request.actor, "study.set_up")
    form = StudyForm(typed_in(request))
    if form.is_valid():
        with refusals_on(form):
            study = services.set_up_study(actor=request.actor, **form.cleaned_data)
            messages.success(request, f"{study} is set up. What is missing before enrolment can open stands below.")
            return redirect("study", study.code)
    context = {"form": form, "crumbs": [Link("Studies", reverse("studies")), Link("Set up a study")]}
    return render(request, "cohort/study/study_new.html", context, status=status_of(form))


@ask_and_act
def study_change(request: Request, code: str) -> HttpResponse:
    """Change the rules of a study that is still being set up."""
    study = get_study_for(request.actor, code)
    require(request.actor, "study.set_up")
    if study.state != StudyState.SETTING_UP:
        raise WrongState(f"the rules of '{study.code}' are fixed since enrolment opened; change needs an amendment")
    form = StudyRulesForm(typed_in(request), initial=model_to_dict(study))
    if form.is_valid():
        with refusals_on(form):
            before = compute_protocol_sha256(study)
            services.change_study(actor=request.actor, study=study, **form.cleaned_data)
            is_same = before == compute_protocol_sha256(study)
            words = "" if is_same else " The protocol's digest is a new one, so the shares of the draw are wanted anew."
            return _done(request, study, f"The rules are changed.{words}")
    return _ask(request, study, form, "study_change", "Rules")


@require_GET
def sites(request: Request) -> HttpResponse:
    """Show every site the portal knows."""
    table = parts.make_sites_table(list_sites_for(request.actor))
    crumbs = [Link("Studies", reverse("studies")), Link("Sites")]
    context = {"table": table, "may_add": may(request.actor, "site.add"), "crumbs": crumbs}
    return render(request, "cohort/study/sites.html", context)


@ask_and_act
def site_add(request: Request) -> HttpResponse:
    """Add a site."""
    require(request.actor, "site.add")
    form = SiteForm(typed_in(request))
    if form.is_valid():
        with refusals_on(form):
            site = services.add_site(actor=request.actor, **form.cleaned_data)
            messages.success(request, f"{site} is added. Its codes begin with {site.prefix}.")
            return redirect("sites")
    crumbs = [Link("Studies", reverse("studies")), Link("Sites", reverse("sites")), Link("Add a site")]
    return render(request, "cohort/study/site_add.html", {"form": form, "crumbs": crumbs}, status=status_of(form))


@ask_and_act
def site_join(request: Request, code: str) -> HttpResponse:
    """Let a site take part in a study."""
    study = get_study_for(request.actor, code)
    require(request.actor, "study.set_up")
    form = JoinSiteForm(typed_in(request), study=study)
    if form.is_valid():
        with refusals_on(form):
            services.join_site(actor=request.actor, study=study, **form.cleaned_data)
            return _done(request, study, f"{form.cleaned_data['site']} takes part.")
    more = {"may_add": may(request.actor, "site.add")}
    return _ask(request, study, form, "site_join", "A site takes part", more)


@ask_and_act
def approval_add(request: Request, code: str) -> HttpResponse:
    """Record an ethics approval."""
    study = get_study_for(request.actor, code)
    require(request.actor, "study.add_approval")
    form = ApprovalForm(typed_in(request))
    if form.is_valid():
        with refusals_on(form):
            approval = services.add_approval(actor=request.actor, study=study, **form.cleaned_data)
            return _done(request, study, f"The approval {approval.reference} is recorded.")
    return _ask(request, study, form, "approval_add", "Ethics approval")


@ask_and_act
def consent_form_add(request: Request, code: str) -> HttpResponse:
    """Add a version of the consent form."""
    study = get_study_for(request.actor, code)
    require(request.actor, "study.add_approval")
    suggested = ConsentFormForm.suggest_version(study)
    form = ConsentFormForm(typed_in(request), study=study, initial={"version": suggested, "sheet_version": suggested})
    if form.is_valid():
        with refusals_on(form):
            added = services.add_consent_form(actor=request.actor, study=study, **form.cleaned_data)
            return _done(request, study, f"Version {added.version} of the consent form is added.")
    more = {"has_approval": study.approvals.exists()}
    return _ask(request, study, form, "consent_form_add", "Consent form", more)


@ask_and_act
def device_add(request: Request, code: str) -> HttpResponse:
    """Add a scanner or X-ray unit."""
    study = get_study_for(request.actor, code)
    require(request.actor, "study.add_device")
    form = DeviceForm(typed_in(request), study=study, actor=request.actor)
    if form.is_valid():
        with refusals_on(form):
            device = services.add_device(actor=request.actor, **form.cleaned_data)
            return _done(request, study, f"{device} is added at {device.site}.")
    return _ask(request, study, form, "device_add", "Device")


@ask_and_act
def wedge_name(request: Request, code: str) -> HttpResponse:
    """Name the step wedge on the films of an X-ray unit."""
    study = get_study_for(request.actor, code)
    require(request.actor, "study.name_wedge")
    form = WedgeForm(typed_in(request), study=study, actor=request.actor)
    if form.is_valid():
        with refusals_on(form):
            wedge = services.name_wedge(actor=request.actor, **form.cleaned_data)
            device = form.cleaned_data["device"]
            return _done(request, study, f"{device} has a step wedge of {wedge}. New films are read by it.")
    return _ask(request, study, form, "wedge_name", "Step wedge")


def _done(request: Request, study: Study, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("study", study.code)


def _ask(
    request: Request,
    study: Study,
    form: BaseForm,
    page: str,
    crumb: str,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    request.study = study
    crumbs = [Link("Studies", reverse("studies")), Link(study.title, reverse("study", args=[study.code])), Link(crumb)]
    context = {"form": form, "study": study, "crumbs": crumbs} | (more or {})
    return render(request, f"cohort/study/{page}.html", context, status=status_of(form))
