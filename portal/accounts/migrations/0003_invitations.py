"""Links on paper, by which people come in without e-mail."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

PURPOSES = [("join", "Join"), ("reset", "New password and second factor")]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_under_audit")]
    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("purpose", models.CharField(choices=PURPOSES, max_length=5)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at",),
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(used_at=None) | Q(ended_at=None), name="invitation_used_or_ended"
                    ),
                    models.CheckConstraint(
                        condition=Q(purpose__in=["join", "reset"]), name="invitation_purpose_is_known"
                    ),
                    models.UniqueConstraint(
                        fields=("user",), condition=Q(used_at=None, ended_at=None), name="invitation_open_only_once"
                    ),
                ],
            },
        ),
    ]
