"""Pages of one form: fill it in, save as one goes, complete, open again, sign. Forms of outcomes are never cached."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cohort.crf import parts, services
from cohort.crf.access import get_record_for, next_number
from cohort.crf.actions import actions_of
from cohort.crf.answering import answer_conflict, answer_saved
from cohort.crf.filling import Change, count_done, examine, list_open, settle
from cohort.crf.forms import ReopenForm, read_changes
from cohort.crf.known import find_last_time, gather
from cohort.crf.states import RecordState
from cohort.crf.store import AnyRecord, sheet_of, table_of
from cohort.crf.values import write_value
from cohort.participants.access import get_visit_for
from cohort.participants.models import Visit
from cohort.participants.states import VisitState
from cohort.study.dictionary import load_dictionary
from frontend.parts import Link
from portal.audit.record import record_read
from portal.core.errors import Refused, StaleState
from portal.core.forms import sentence, status_of, typed_in
from portal.roles.http import Request
from portal.roles.policy import may, require
from portal.workflow import list_verbs, require_verb

OK, WRONG, MEANWHILE = 200, 422, 409


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_variables()
def record(request: Request, code: str, visit_code: str, form: str, number: int = 1) -> HttpResponse:
    """Show a form; sent as a whole (without script), take what changed and say what could not be taken."""
    visit, found = _find(request, code, visit_code, form, number)
    if request.method != "POST":
        return _show(request, visit, found)
    changes = read_changes(load_dictionary().form(form), request.POST)
    try:
        saved = services.save_answers(
            actor=request.actor,
            visit=visit,
            form=form,
            number=number,
            changes=changes,
            version=_version(request),
        )
    except services.AnsweredMeanwhile as error:
        # What was typed beside the conflict was not taken either, and must not be lost.
        typed = _show_again(error.record, changes, changes)
        return _show(request, visit, error.record, _say_meanwhile(error), typed, MEANWHILE)
    if saved.refused:
        typed = _show_again(saved.record, changes, saved.refused)
        return _show(request, visit, saved.record, saved.refused, typed, WRONG)
    messages.success(request, "Saved.")
    if request.POST.get("then") == "visit":
        return redirect("visit", code, visit_code)
    return redirect("record", code, visit_code, form, number)


@require_POST
@never_cache
@sensitive_variables()
def record_save(request: Request, code: str, visit_code: str, form: str, number: int) -> HttpResponse:
    """Take the questions that just changed, and answer with what the form looks like now (JSON)."""
    visit, _ = _find(request, code, visit_code, form, number)
    changes = read_changes(load_dictionary().form(form), request.POST)
    try:
        saved = services.save_answers(
            actor=request.actor, visit=visit, form=form, number=number, changes=changes, version=_version(request)
        )
    except services.AnsweredMeanwhile as error:
        return JsonResponse(answer_conflict(error), status=MEANWHILE)
    return JsonResponse(answer_saved(visit, saved, changes))


@require_GET
def record_add(request: Request, code: str, visit_code: str, form: str) -> HttpResponse:
    """Lead to the next row of a repeating form."""
    visit, _ = _find(request, code, visit_code, form, 1)
    require(request.actor, actions_of(form).enter, visit.participant.site_id)
    return redirect("record", code, visit_code, form, next_number(visit, form))


@require_POST
def record_complete(request: Request, code: str, visit_code: str, form: str, number: int) -> HttpResponse:
    """Say that a form is complete; where it is not, show what is left."""
    visit, _ = _find(request, code, visit_code, form, number)
    require(request.actor, actions_of(form).enter, visit.participant.site_id)
    try:
        services.complete_record(actor=request.actor, visit=visit, form=form, number=number)
    except Refused:
        return redirect(f"{reverse('record', args=[code, visit_code, form, number])}?check=1")
    messages.success(request, f"{load_dictionary().form(form).title}: complete.")
    return redirect("visit", code, visit_code)


@require_POST
def record_none(request: Request, code: str, visit_code: str, form: str) -> HttpResponse:
    """Say that there is nothing to record on a repeating form."""
    visit, _ = _find(request, code, visit_code, form, 1)
    services.record_none(actor=request.actor, visit=visit, form=form, reason=request.POST.get("reason", "NA"))
    messages.success(request, f"{load_dictionary().form(form).title}: none.")
    return redirect("visit", code, visit_code)


@require_http_methods(["GET", "POST"])
@never_cache
def record_reopen(request: Request, code: str, visit_code: str, form: str, number: int) -> HttpResponse:
    """Open a complete form again, for a reason."""
    visit, found = _find(request, code, visit_code, form, number)
    require_verb(found, "reopen", table_of(found))
    require(request.actor, table_of(found)[(found.state, "reopen")].action, visit.participant.site_id)
    asked = ReopenForm(typed_in(request))
    if asked.is_valid():
        services.reopen_record(actor=request.actor, visit=visit, form=form, number=number, why=asked.why)
        return redirect("record", code, visit_code, form, number)
    title = load_dictionary().form(form).title
    request.study = visit.participant.study
    context = {
        "form": asked,
        "title": title,
        "visit": visit,
        "back": reverse("record", args=[code, visit_code, form, number]),
        "crumbs": parts.make_crumbs(visit, Link(title), Link("Open again")),
    }
    return render(request, "cohort/crf/record_reopen.html", context, status=status_of(asked))


@require_POST
def record_sign(request: Request, code: str, visit_code: str, form: str, number: int) -> HttpResponse:
    """Sign a complete form."""
    visit, _ = _find(request, code, visit_code, form, number)
    services.sign_record(actor=request.actor, visit=visit, form=form, number=number)
    messages.success(request, f"{load_dictionary().form(form).title}: signed.")
    return redirect("visit", code, visit_code)


def _find(request: Request, code: str, visit_code: str, form: str, number: int) -> tuple[Visit, AnyRecord]:
    visit = get_visit_for(request.actor, code, visit_code)
    found = get_record_for(request.actor, visit, form, number)
    if services.is_closed(found):
        # Of every outcome form alike, whether or not anything stands in it: that one is there can be the label.
        record_read(request.actor, "outcome", visit.participant.code)
    return visit, found


def _version(request: Request) -> int:
    text = request.POST.get("version", "")
    if not text.isascii() or not text.isdigit():
        raise StaleState("the form was sent without its version; load it again")
    return int(text)


def _say_meanwhile(error: services.AnsweredMeanwhile) -> dict[str, str]:
    said = {}
    for name in error.variables:
        if services.is_closed(error.record):
            said[name] = "Somebody else has answered this meanwhile. Load the form again to see their answer."
        else:
            value = error.record.answers.get(name)
            theirs = (
                write_value(load_dictionary().field(name), value) if not isinstance(value, list) else ", ".join(value)
            )
            said[name] = (
                f"Somebody else has answered this meanwhile: {theirs or 'no answer'}. Send it again to keep yours."
            )
    return said


def _show(
    request: Request,
    visit: Visit,
    found: AnyRecord,
    refused: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
    status: int = OK,
) -> HttpResponse:
    form = load_dictionary().form(found.form)
    setting, sheet = gather(visit, form), sheet_of(found)
    if found.state == RecordState.DRAFT:
        sheet = settle(form, sheet, setting)
    findings = examine(form, sheet, setting)
    done, wanted = count_done(form, sheet, setting)
    left = list_open(findings) if "check" in request.GET else []
    site_pk = visit.participant.site_id
    may_enter = may(request.actor, actions_of(form.code).enter, site_pk)
    verbs = list_verbs(found, table := table_of(found))
    title = f"{form.title} {found.number}" if form.is_repeating and found.number > 1 else form.title
    request.study = visit.participant.study
    context = {
        "visit": visit,
        "participant": visit.participant,
        "form": form,
        "record": found,
        "title": title,
        "version": found.version,
        "is_open": may_enter and found.state == RecordState.DRAFT and visit.state == VisitState.DONE,
        "has_begun": visit.state == VisitState.DONE,
        "is_closed": services.is_closed(found),
        "sections": parts.make_sections(
            form,
            sheet,
            setting,
            findings,
            refused=refused,
            typed=typed,
            before=find_last_time(visit, form.code),
        ),
        "answers": parts.make_answers(form, sheet, setting),
        "reasons": parts.list_reasons(),
        "refused": [(form_field, sentence(words)) for form_field, words in _labelled(refused or {})],
        "left": [(load_dictionary().field(one.variable), one.words) for one in left],
        "done": done,
        "wanted": wanted,
        "saved_at": timezone.localtime(found.changed_at) if found.changed_at else None,
        "may_sign": "sign" in verbs and may(request.actor, table[(found.state, "sign")].action, site_pk),
        "may_reopen": ("reopen" in verbs and may(request.actor, table[(found.state, "reopen")].action, site_pk)),
        "may_say_none": form.is_repeating and found.number == 1 and found.version == 0,
        "may_add": form.is_repeating and may_enter and found.state != RecordState.DRAFT,
        "crumbs": parts.make_crumbs(visit, Link(title)),
    }
    return render(request, "cohort/crf/record.html", context, status=status)


def _labelled(refused: dict[str, str]) -> list[tuple[Any, str]]:
    return [(load_dictionary().field(name), words) for name, words in refused.items()]


def _show_again(found: AnyRecord, changes: Mapping[str, Change], names: Iterable[str]) -> dict[str, Any]:
    """Return what to show again of what was typed and not taken; of an outcome nothing is shown again."""
    if services.is_closed(found):
        return dict.fromkeys(names, "")
    return {name: changes[name].value for name in names if isinstance(changes[name].value, str)}
