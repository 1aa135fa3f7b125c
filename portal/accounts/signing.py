"""Sign somebody in who has just proved who they are in another way than by the sign-in page."""

from allauth.account.adapter import get_adapter
from django.contrib.auth import logout
from django.http import HttpRequest

from portal.accounts.models import User
from portal.roles.fresh import remember_sign_in


def sign_in(request: HttpRequest, user: User, method: str) -> None:
    """Sign in, in a session of its own: nothing of whoever sat here before is kept."""
    logout(request)
    get_adapter(request).login(request, user)
    remember_sign_in(request, method)
