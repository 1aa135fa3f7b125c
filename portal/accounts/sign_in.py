"""django-allauth's pages under our rules: sign-in, code, signing in again, and one's own account.

Only these have an address. What the library offers beside them (sign-up, reset by e-mail, e-mail addresses, connecting
identities) has none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from allauth.account import views as account_views
from allauth.account.adapter import get_adapter
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.base import views as factor_views
from allauth.mfa.recovery_codes import views as codes_views
from allauth.mfa.totp import views as totp_views
from allauth.socialaccount.adapter import get_adapter as get_institution_adapter
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from portal.accounts import forms
from portal.accounts.access import count_codes_left, has_second_factor, list_roles_of
from portal.accounts.models import User
from portal.accounts.parts import make_roles_table
from portal.audit.context import act, name_subject
from portal.roles.fresh import remember_sign_in
from portal.roles.http import Request
from portal.roles.middleware import actor_of

PROVIDER = "institution"


class SignInView(account_views.LoginView):
    """E-mail address and password; in a demo one chooses a person instead."""

    form_class = forms.SignInForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form, or lead on to the people of the demo."""
        if settings.DEMO:
            return redirect(_with_next(request, "demo-sign-in"))
        return super().get(request, *args, **kwargs)

    def form_invalid(self, form: forms.SignInForm) -> HttpResponse:
        """Show the form again, with the status that says that it was refused."""
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the institution's button, where there is one."""
        more = {}
        if settings.OIDC_SERVER_URL:
            address = reverse("openid_connect_login", args=[PROVIDER])
            forward = {"process": "login", "next": get_next_redirect_url(self.request) or reverse("home")}
            name = get_institution_adapter().get_app(self.request, PROVIDER).name
            more = {"institution": name, "institution_url": f"{address}?{urlencode(forward)}"}
        return super().get_context_data(**kwargs) | more


class CodeView(factor_views.AuthenticateView):
    """The second factor, asked for at sign-in."""

    form_class = forms.CodeForm

    def form_valid(self, form: forms.CodeForm) -> HttpResponse:
        """Sign in: the code's last use and the sign-in are one act."""
        user = self.stage.login.user
        with act(actor_of(user), "account.sign_in"):
            name_subject(user.key)
            return super().form_valid(form)


class AgainView(account_views.ReauthenticateView):
    """The password once more, before a grave act. In a demo, where nobody has one, a button."""

    form_class = forms.AgainForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Choose how this person can prove who they are."""
        if settings.DEMO and request.method == "POST":
            remember_sign_in(request, "demo")
            return redirect(get_next_redirect_url(request) or "home")
        if settings.DEMO:
            return render(request, "account/reauthenticate.html", {"by_button": True, "next": _next(request)})
        if not get_adapter().get_reauthentication_methods(request.user):
            # Only the institution can say who this is: its sign-in is the proof.
            address = _with_next(request, "account_login")
            logout(request)
            return redirect(address)
        return super().dispatch(request, *args, **kwargs)


class CodeAgainView(factor_views.ReauthenticateView):
    """A code once more, before a grave act, for whoever has no password here."""

    form_class = forms.CodeAgainForm


class SetUpFactorView(totp_views.ActivateTOTPView):
    """Set up an authenticator app; recovery codes are made with it."""

    form_class = forms.SetUpFactorForm

    def form_valid(self, form: forms.SetUpFactorForm) -> HttpResponse:
        """Keep the factor, as an act of its owner."""
        with _own_act(self.request, "second factor set up"):
            return super().form_valid(form)


class ReplaceFactorView(totp_views.DeactivateTOTPView):
    """Take the authenticator app away, to set up another one: a new telephone."""

    def form_valid(self, form: object) -> HttpResponse:
        """Remove the factor, as an act of its owner."""
        with _own_act(self.request, "second factor removed"):
            super().form_valid(form)
        return redirect("mfa_activate_totp")


class CodesView(codes_views.ViewRecoveryCodesView):
    """Recovery codes, to be printed or copied once. Looking at them is an act: the monitor sees that it was done."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the codes."""
        with _own_act(request, "recovery codes shown"):
            return super().get(request, *args, **kwargs)


class NewCodesView(codes_views.GenerateRecoveryCodesView):
    """New recovery codes; the old ones end."""

    def form_valid(self, form: object) -> HttpResponse:
        """Make new codes, as an act of their owner."""
        with _own_act(self.request, "new recovery codes made"):
            return super().form_valid(form)


class OwnPasswordView(account_views.PasswordChangeView):
    """Change one's own password; every other session of this person ends."""

    form_class = forms.OwnPasswordForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show nothing to whoever signs in without a password."""
        if not _me(request).has_usable_password():
            return redirect("own-account")
        return super().dispatch(request, *args, **kwargs)

    def get_default_success_url(self) -> str:
        """Lead back to the own account."""
        return reverse("own-account")


@require_GET
def own_account(request: HttpRequest) -> HttpResponse:
    """Show one's own roles, and how one signs in."""
    user = _me(request)
    context = {
        "roles_table": make_roles_table(list_roles_of(user), "My roles"),
        "has_factor": has_second_factor(user),
        "n_codes_left": count_codes_left(user),
        "has_password": user.has_usable_password(),
    }
    return render(request, "portal/accounts/own_account.html", context)


def _me(request: HttpRequest) -> User:
    # Whoever comes here is signed in: portal.accounts.middleware sees to it.
    return cast(User, request.user)


@contextmanager
def _own_act(request: Request, why: str) -> Iterator[None]:
    with act(request.actor, "account.page", why=why):
        name_subject(_me(request).key)
        yield


def _next(request: HttpRequest) -> str:
    return get_next_redirect_url(request) or ""


def _with_next(request: HttpRequest, url_name: str) -> str:
    wanted = _next(request)
    return f"{reverse(url_name)}?{urlencode({'next': wanted})}" if wanted else reverse(url_name)
