"""Pages for who is not signed in yet: the link on paper, the very first person, the people of a demo."""

import hmac
from typing import Any

from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.accounts.access import get_open_invitation, is_anybody_there
from portal.accounts.demo import ListWaiting, get_demo_person, list_demo_people, sign_in_as
from portal.accounts.forms import FirstRunForm, NewPasswordForm
from portal.accounts.services import join as use_link
from portal.accounts.services import set_up_first_person
from portal.accounts.signing import sign_in
from portal.core.errors import Refused
from portal.roles.actors import SETUP
from portal.roles.middleware import actor_of


@login_not_required
@sensitive_post_parameters("password", "again")
@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Come in by a link: choose a password; the second factor is asked for next."""
    invitation = get_open_invitation(token)
    user = invitation.user
    form = NewPasswordForm(request.POST or None, user=user)
    if form.is_valid():
        use_link(actor=actor_of(user), invitation=invitation, password=form.cleaned_data["password"])
        sign_in(request, user, "password")
        return redirect("home")
    context = {"form": form, "found": user, "invitation": invitation}
    return render(request, "portal/accounts/join.html", context, status=422 if form.is_bound else 200)


@login_not_required
@sensitive_post_parameters("password", "again", "token")
@never_cache
@require_http_methods(["GET", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    """Set up the first person, with the token that was shown where the portal was started."""
    if is_anybody_there():
        return redirect("home")
    if not _is_token(request.POST.get("token") or request.GET.get("token", "")):
        return render(request, "portal/accounts/first_run_closed.html", status=403)
    form = FirstRunForm(request.POST or None, initial={"token": request.GET.get("token", "")})
    if form.is_valid():
        given: dict[str, Any] = {name: form.cleaned_data[name] for name in ("email", "name", "password")}
        try:
            user = set_up_first_person(actor=SETUP, **given)
            sign_in(request, user, "password")
            return redirect("people")
        except Refused as error:
            form.add_error(None, str(error))
    return render(request, "portal/accounts/first_run.html", {"form": form}, status=422 if form.is_bound else 200)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def demo_sign_in(request: HttpRequest, list_waiting: ListWaiting | None = None) -> HttpResponse:
    """Be one of the demo's people, by one button. Outside a demo this is not there."""
    if not settings.DEMO:
        raise Http404
    if request.method == "POST":
        user = get_demo_person(request.POST.get("person", ""))
        sign_in_as(request, user)
        return redirect(get_next_redirect_url(request) or "home")
    context = {"people": list_demo_people(list_waiting=list_waiting), "next": get_next_redirect_url(request) or ""}
    return render(request, "portal/accounts/demo_sign_in.html", context)


def _is_token(given: str) -> bool:
    wanted = settings.SETUP_TOKEN
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
