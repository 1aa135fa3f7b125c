"""A person who signs in, and the printable links that let them in. What they may do stands in their memberships."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from portal.audit.context import act
from portal.roles.actors import Actor


class UserManager(BaseUserManager["User"]):
    """There is no `create_superuser`: nobody stands above the permission table (see docs/accounts.md)."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Add a user; without a password nobody can sign in by one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)


class User(AbstractBaseUser):
    """A member of staff. There is no superuser: no flag here opens a door."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case"),)

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """The form in which the audit names this person, as actor and as subject."""
        return f"user:{self.pk}"

    def check_password(self, raw_password: str | None) -> bool:
        """Return whether the password is right; a hash made by older rules is renewed, as this person's own act."""

        def renew(password: str) -> None:
            self.set_password(password)
            with act(Actor(name=self.name, user_pk=self.pk), "account.page", why="password hash renewed at sign-in"):
                self.save(update_fields=["password"])

        return check_password(raw_password, self.password, renew)


class Purpose(models.TextChoices):
    """What a link is for. Either way its holder chooses a password and then sets up a second factor."""

    JOIN = "join", "Join"
    RESET = "reset", "New password and second factor"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open_at(self, moment: datetime) -> "InvitationQuerySet":
        """Return the links that work at a moment."""
        return self.filter(used_at=None, ended_at=None, expires_at__gt=moment)


class Invitation(models.Model):
    """A link on paper, for one person and one use. Of its token only the SHA-256 is kept.

    The token is 32 random bytes (ASVS 5.0, 11.5.1: a UUID is no secret), so its digest needs no salt.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="invitations")
    purpose = models.CharField(max_length=5, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(condition=Q(used_at=None) | Q(ended_at=None), name="invitation_used_or_ended"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="invitation_purpose_is_known"),
            models.UniqueConstraint(
                fields=("user",), condition=Q(used_at=None, ended_at=None), name="invitation_open_only_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.state}"

    @property
    def state(self) -> str:
        """used, ended, expired or open."""
        if self.used_at is not None:
            return "used"
        if self.ended_at is not None:
            return "ended"
        return "expired" if self.expires_at <= timezone.now() else "open"
