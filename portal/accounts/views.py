"""Pages about the people of the study: who is here, in which role, and the grave acts on their accounts."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from frontend.parts import Confirmation, Link
from portal.accounts import access, parts, services
from portal.accounts.forms import EndRoleForm, GrantForm, InviteForm, WhyForm
from portal.accounts.links import draw_qr_source
from portal.accounts.models import User
from portal.core.errors import Refused
from portal.roles.fresh import grave
from portal.roles.http import Request
from portal.roles.policy import may, require

ask_and_act = require_http_methods(["GET", "POST"])


@require_GET
def people(request: Request) -> HttpResponse:
    """Show everybody the actor may see."""
    table = parts.make_people_table(access.list_people_for(request.actor))
    context = {"table": table, "may_invite": may(request.actor, "person.invite")}
    return render(request, "portal/accounts/people.html", context)


@require_GET
def delegation_log(request: Request) -> HttpResponse:
    """Show every role ever given, to be printed and signed."""
    table = parts.make_delegation_table(list(access.list_delegations_for(request.actor)))
    context = {"table": table, "printed_at": timezone.localtime(), "crumbs": _crumbs("Delegation log")}
    return render(request, "portal/accounts/delegation_log.html", context)


@require_GET
def person(request: Request, pk: UUID) -> HttpResponse:
    """Show one person: roles, account, and what may be done with both."""
    found = access.get_person_for(request.actor, pk)
    is_other = found.pk != request.actor.user_pk
    may_end = is_other and may(request.actor, "role.end")
    context = {
        "found": found,
        "state": parts.state_of(found),
        "roles_table": parts.make_roles_table(found.memberships.all(), "Roles", may_end=may_end),
        "may_grant": is_other and found.is_active and may(request.actor, "role.grant"),
        "may_reset": is_other and found.is_active and may(request.actor, "person.reset_factor"),
        "may_close": is_other and may(request.actor, "person.close"),
        "crumbs": _crumbs(found.name),
    }
    return render(request, "portal/accounts/person.html", context)


@ask_and_act
@never_cache
@grave
def invite(request: Request) -> HttpResponse:
    """Invite somebody; the answer is the page with the link, to be printed now."""
    require(request.actor, "person.invite")
    form = InviteForm(request.POST or None, actor=request.actor)
    if form.is_valid():
        try:
            return _show_link(request, services.invite_person(actor=request.actor, **form.cleaned_data))
        except Refused as error:
            form.add_error(None, str(error))
    context = {"form": form, "crumbs": _crumbs("Invite somebody")}
    return render(request, "portal/accounts/invite.html", context, status=_status(form))


@ask_and_act
@grave
def grant(request: Request, pk: UUID) -> HttpResponse:
    """Give somebody a role."""
    found = access.get_person_for(request.actor, pk)
    require(request.actor, "role.grant")
    form = GrantForm(request.POST or None, actor=request.actor)
    if form.is_valid():
        try:
            services.grant_role(actor=request.actor, user=found, **form.cleaned_data)
            return redirect("person", found.pk)
        except Refused as error:
            form.add_error(None, str(error))
    context = {"form": form, "found": found, "crumbs": _crumbs("Give a role", found)}
    return render(request, "portal/accounts/grant.html", context, status=_status(form))


@ask_and_act
@grave
def end(request: Request, pk: UUID) -> HttpResponse:
    """End a role."""
    membership = access.get_membership_for(request.actor, pk)
    require(request.actor, "role.end", membership.site_id)
    form = EndRoleForm(request.POST or None, membership=membership)
    if form.is_valid():
        try:
            services.end_role(actor=request.actor, membership=membership, **form.cleaned_data)
            return redirect("person", membership.user_id)
        except Refused as error:
            form.add_error(None, str(error))
    context = {"form": form, "membership": membership, "crumbs": _crumbs("End a role", membership.user)}
    return render(request, "portal/accounts/role_end.html", context, status=_status(form))


@ask_and_act
@never_cache
@grave
def reset(request: Request, pk: UUID) -> HttpResponse:
    """Take password and second factor away and show a new link, to be printed now."""
    found = access.get_person_for(request.actor, pk)
    require(request.actor, "person.reset_factor")
    form = WhyForm(request.POST or None)
    if form.is_valid():
        return _show_link(request, services.reset_factor(actor=request.actor, user=found, **form.cleaned_data))
    consequences = [
        f"{found.name} is signed out everywhere, at once.",
        "Password, authenticator app and recovery codes stop working.",
        "You get a link on paper, by which a new password and a new second factor are set up.",
        "For seven days the two of you cannot be the two persons of a two-person act.",
    ]
    return _ask(request, form, found, f"Make a new link for {found.name}", "Make a new link", consequences)


@ask_and_act
@grave
def close(request: Request, pk: UUID) -> HttpResponse:
    """Close an account."""
    found = access.get_person_for(request.actor, pk)
    require(request.actor, "person.close")
    form = WhyForm(request.POST or None)
    if form.is_valid():
        try:
            services.close_account(actor=request.actor, user=found, **form.cleaned_data)
            return redirect("person", found.pk)
        except Refused as error:
            form.add_error(None, str(error))
    consequences = [
        f"{found.name} is signed out everywhere, at once, and cannot sign in any more.",
        "All roles end today; links this person made for others end now.",
        "Everything this person did stays in the record.",
    ]
    return _ask(request, form, found, f"Close the account of {found.name}", "Close the account", consequences)


@ask_and_act
@never_cache
@grave
def reopen(request: Request, pk: UUID) -> HttpResponse:
    """Open a closed account again and show its new link, to be printed now."""
    found = access.get_person_for(request.actor, pk)
    require(request.actor, "person.close")
    form = WhyForm(request.POST or None)
    if form.is_valid():
        return _show_link(request, services.reopen_account(actor=request.actor, user=found, **form.cleaned_data))
    consequences = ["The account has no role until somebody gives it one.", "You get a link on paper to come in by."]
    return _ask(request, form, found, f"Open the account of {found.name} again", "Open the account", consequences)


def _ask(request: Request, form: WhyForm, found: User, title: str, act: str, consequences: list[str]) -> HttpResponse:
    cancel_url = reverse("person", args=[found.pk])
    confirm = Confirmation(title, consequences, act, cancel_url, cannot_be_undone=False)
    context = {"form": form, "confirm": confirm, "crumbs": _crumbs(act, found)}
    return render(request, "portal/accounts/confirm.html", context, status=_status(form))


def _show_link(request: Request, link: services.Link) -> HttpResponse:
    """Show a link once. It is in no redirect and no session, so that the paper is its only copy."""
    address = request.build_absolute_uri(reverse("join", args=[link.token]))
    context = {
        "found": link.invitation.user,
        "invitation": link.invitation,
        "address": address,
        "qr": draw_qr_source(address),
        "roles_today": parts.say_roles(link.invitation.user),
        "crumbs": _crumbs("Link", link.invitation.user),
    }
    return render(request, "portal/accounts/link.html", context)


def _status(form: InviteForm | GrantForm | EndRoleForm | WhyForm) -> int:
    return 422 if form.is_bound else 200


def _crumbs(last: str, found: User | None = None) -> list[Link]:
    crumbs = [Link("People", reverse("people"))]
    if found is not None:
        crumbs.append(Link(found.name, reverse("person", args=[found.pk])))
    return [*crumbs, Link(last)]
