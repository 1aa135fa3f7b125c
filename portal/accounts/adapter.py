"""Our answers to what django-allauth asks: no sign-up, no e-mail, sealed factors, the institution by invitation."""

import hashlib

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.encoding import force_bytes
from nacl.encoding import Base64Encoder
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from portal.accounts.access import awaits_link
from portal.accounts.links import draw_qr
from portal.accounts.models import User
from portal.audit.context import act, name_subject
from portal.roles.fresh import is_fresh
from portal.roles.middleware import actor_of


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by e-mail address and password."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "E-mail address or password is wrong. Look at both and type them again.",
        "too_many_login_attempts": "Too many wrong codes. Wait a quarter of an hour, then try again.",
        "rate_limited": "Too many wrong codes. Wait a quarter of an hour, then try again.",
        "incorrect_code": "This code is not right. A code is good for half a minute and only once: type the next one.",
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your present password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for themselves."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> None:
        """Count nothing here: django-axes counts wrong passwords, by person and place. Codes are counted by allauth."""

    def is_reauthentication_required(self, *, app: str, **kwargs: object) -> bool:
        """A sign-in of the last few minutes is fresh enough for one's own second factor too."""
        return not is_fresh(self.request)

    def pre_login(self, request: HttpRequest, user: User, **kwargs: object) -> HttpResponse | None:
        """Refuse whoever has a link waiting: until it is used, it is the only way in."""
        if awaits_link(user):
            messages.error(request, "This account waits for its link to be used. Ask the administrator for a new one.")
            return redirect("account_login")
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign somebody in, as an act of theirs: the moment is written to their account."""
        with act(actor_of(user), "account.sign_in"):
            name_subject(user.key)
            super().login(request, user)

    def set_password(self, user: User, password: str) -> None:
        """Change a password, as an act of its owner."""
        with act(actor_of(user), "account.page", why="password changed"):
            name_subject(user.key)
            super().set_password(user, password)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Send nothing: no address of the staff is ever told to a mail server."""

    def render_mail(self, *args: object, **kwargs: object) -> EmailMessage:
        """Nothing is sent, so that nothing is to be rendered: reaching this is a slip."""
        raise NotImplementedError("Trabecula sends no e-mail")


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in at one's institution (OpenID Connect): it answers who somebody is, never who may come in."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody comes in who has no account here."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse to connect an identity to an account: each sign-in is matched by its verified address alone."""
        if sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(redirect("account_login"))

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Return the open account with an address which the institution says it has verified."""
        verified = [one.email for one in sociallogin.email_addresses if one.verified is True]
        found = [user for email in verified for user in User.objects.filter(email__iexact=email, is_active=True)]
        # An empty address keeps allauth from taking away the password: no stranger can have made this account.
        return (found[0], "") if found else None


class FactorAdapter(DefaultMFAAdapter):
    """Second factors. Their keys lie sealed in the database, under a key that is not in it."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def build_totp_svg(self, url: str) -> str:
        """Draw the key's QR code so that it can be scanned in the dark theme too."""
        return draw_qr(url)

    def encrypt(self, text: str) -> str:
        """Seal a key (XSalsa20-Poly1305)."""
        return bytes(_box(settings.SECRET_KEY).encrypt(text.encode(), encoder=Base64Encoder)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a key, also one sealed under a SECRET_KEY that was replaced (SECRET_KEY_FALLBACKS)."""
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            try:
                return _box(secret).decrypt(encrypted_text.encode(), encoder=Base64Encoder).decode()
            except CryptoError:
                continue
        raise ValueError("a second factor cannot be opened: SECRET_KEY was replaced and is not in SECRET_KEY_FALLBACKS")


def _box(secret: str | bytes) -> SecretBox:
    return SecretBox(hashlib.blake2b(force_bytes(secret), person=b"trab.factor", digest_size=32).digest())
