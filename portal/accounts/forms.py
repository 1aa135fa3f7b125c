"""What people type about themselves and each other. Passwords and codes are never kept in a browser's drafts."""

from typing import Any, cast

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from portal.accounts.access import list_sites_to_grant_at
from portal.accounts.models import User
from portal.accounts.rules import list_grantable, may_grant_everywhere
from portal.audit.context import act, name_subject
from portal.roles.actors import Actor
from portal.roles.middleware import actor_of
from portal.roles.models import Membership
from portal.sites.models import Site

PASSWORD_HINT = "At least 12 characters. Four or five words that do not belong together are easy to keep in mind."
EVERYWHERE = "every"


def _password(autocomplete: str) -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": autocomplete, "data-sensitive": True})


def _day() -> forms.DateInput:
    # A browser's own calendar wants ISO 8601, whatever the language.
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def _code() -> forms.TextInput:
    # Without a pattern: a recovery code is typed into the same field.
    return forms.TextInput(
        attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "data-sensitive": True}
    )


class SignInForm(account_forms.LoginForm):
    """E-mail address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail address"
        self.fields["login"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        self.fields["password"].widget = _password("current-password")
        self.fields["password"].help_text = ""


class AgainForm(account_forms.ReauthenticateForm):
    """The password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget = _password("current-password")
        self.fields["password"].help_text = ""


class _CodeChecked(factor_forms.BaseAuthenticateForm):
    """Checks a code as an act of its owner: a recovery code is crossed out by it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code from your authenticator app"
        self.fields["code"].help_text = "Or one of your recovery codes."
        self.fields["code"].widget = _code()

    def clean_code(self) -> str:
        """Return the code if it is right. A wrong one is counted, so nothing may be rolled back on its way out."""
        wrong: ValidationError | None = None
        code = ""
        with act(actor_of(self.user), "account.page", why="a code was checked"):
            name_subject(self.user.key)
            try:
                code = super().clean_code()
            except ValidationError as error:
                wrong = error
        if wrong is not None:
            raise wrong
        return code


class CodeForm(_CodeChecked, factor_forms.AuthenticateForm):
    """The code asked for at sign-in."""


class CodeAgainForm(_CodeChecked, factor_forms.ReauthenticateForm):
    """A code once more, before a grave act."""

    def save(self) -> None:
        """Remember the proof, as an act of its owner."""
        with act(actor_of(self.user), "account.page", why="signed in again by a code"):
            name_subject(self.user.key)
            super().save()


class SetUpFactorForm(totp_forms.ActivateTOTPForm):
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code that the app shows now"
        self.fields["code"].widget = _code()


class OwnPasswordForm(account_forms.ChangePasswordForm):
    """The present password, and a new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"oldpassword": "Present password", "password1": "New password", "password2": "New password again"}
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget = _password("current-password" if name == "oldpassword" else "new-password")
            self.fields[name].help_text = PASSWORD_HINT if name == "password1" else ""


class NewPasswordForm(forms.Form):
    """A password chosen for the first time, twice."""

    password = forms.CharField(label="Password", strip=False, help_text=PASSWORD_HINT, widget=_password("new-password"))
    again = forms.CharField(label="Password again", strip=False, widget=_password("new-password"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is weak, or holds the person's own name or address, or was typed in two ways."""
        given = super().clean() or self.cleaned_data
        password = given.get("password", "")
        if password and given.get("again") and password != given["again"]:
            self.add_error("again", "The two are not the same.")
        if password:
            try:
                validate_password(password, self.user)
            except ValidationError as error:
                self.add_error("password", error)
        return given


class FirstRunForm(NewPasswordForm):
    """The first person, who becomes administrator."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label="Your e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    token = forms.CharField(widget=forms.HiddenInput())
    field_order = ("name", "email", "password", "again", "token")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=User(), **kwargs)

    def clean(self) -> dict[str, Any]:
        """Judge the password against the name and address typed beside it."""
        self.user.name, self.user.email = self.cleaned_data.get("name", ""), self.cleaned_data.get("email", "")
        return super().clean()


class RoleForm(forms.Form):
    """A role and where it holds."""

    role = forms.ChoiceField(label="Role", help_text="Those that you may give.")
    site = forms.ChoiceField(label="Site")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sites = {str(site.pk): site for site in list_sites_to_grant_at(actor)}
        everywhere = [(EVERYWHERE, "Every site")] if may_grant_everywhere(actor) else []
        # Nothing is chosen beforehand: a role at every site must be meant.
        self._offer("role", [(role.value, str(role.label)) for role in list_grantable(actor)])
        self._offer("site", [(pk, site.name) for pk, site in self.sites.items()] + everywhere)

    def clean_site(self) -> Site | None:
        """Return the site, or None for every site."""
        return self.sites.get(self.cleaned_data["site"])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [("", "Choose"), *choices]


class GrantForm(RoleForm):
    """A role, where it holds, and from when to when."""

    starts_on = forms.DateField(label="First day", initial=timezone.localdate, widget=_day())
    ends_on = forms.DateField(
        label="Last day", required=False, help_text="Leave empty if it is not known yet.", widget=_day()
    )


class InviteForm(RoleForm):
    """A new person and their first role, which begins today."""

    name = forms.CharField(label="Name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label="E-mail address",
        help_text="They sign in with it. Nothing is ever sent there.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("name", "email", "role", "site")


class EndRoleForm(forms.Form):
    """The last day of a role, and why."""

    ends_on = forms.DateField(
        label="Last day",
        help_text="Yesterday ends it now.",
        widget=_day(),
    )
    why = forms.CharField(label="Why", max_length=300)

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ends_on"].initial = max(timezone.localdate(), membership.starts_on)


class WhyForm(forms.Form):
    """The reason for a grave act."""

    why = forms.CharField(label="Why", max_length=300, help_text="It stands in the audit. Name no participant.")
