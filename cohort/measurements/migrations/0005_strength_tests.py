"""Mechanical tests of a series by finite elements, and their values."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("imaging", "0002_guards_and_audit"),
        ("jobs", "0002_under_audit"),
        ("measurements", "0004_about_guards_and_audit"),
        ("participants", "0004_visit_guards_and_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="StrengthTest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("origin", models.CharField(choices=[("simulated", "Simulated"), ("human", "Human")], max_length=10)),
                ("version", models.CharField(max_length=20)),
                ("recipe", models.JSONField()),
                ("pixel_sha256", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("facts", models.JSONField(blank=True, default=dict)),
                ("field_sha256", models.CharField(blank=True, max_length=64)),
                ("picture_sha256", models.CharField(blank=True, max_length=64)),
                ("tested_at", models.DateTimeField(blank=True, null=True)),
                (
                    "job",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="jobs.job"),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="participants.participant"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="strength_tests", to="imaging.series"
                    ),
                ),
            ],
            options={
                "ordering": ("series", "-asked_at"),
            },
        ),
        migrations.CreateModel(
            name="StrengthValue",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("unit", models.CharField(max_length=20)),
                ("value", models.FloatField()),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="participants.participant"
                    ),
                ),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="values",
                        to="measurements.strengthtest",
                    ),
                ),
            ],
            options={
                "ordering": ("test", "pk"),
            },
        ),
        migrations.AddConstraint(
            model_name="strengthtest",
            constraint=models.UniqueConstraint(fields=("id", "participant"), name="strengthtest_participant_key"),
        ),
        migrations.AddConstraint(
            model_name="strengthtest",
            constraint=models.CheckConstraint(
                condition=models.Q(("pixel_sha256__regex", "^[0-9a-f]{64}$")), name="strengthtest_is_hashed"
            ),
        ),
        migrations.AddConstraint(
            model_name="strengthtest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("facts", {}), ("field_sha256", ""), ("picture_sha256", ""), ("tested_at", None)),
                    models.Q(
                        ("tested_at__isnull", False),
                        ("field_sha256__regex", "^[0-9a-f]{64}$"),
                        ("picture_sha256__regex", "^[0-9a-f]{64}$"),
                        models.Q(("facts", {}), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="strengthtest_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="strengthvalue",
            constraint=models.UniqueConstraint(fields=("test", "name"), name="strengthvalue_once"),
        ),
        migrations.AddConstraint(
            model_name="strengthvalue",
            constraint=models.CheckConstraint(
                condition=models.Q(("name__startswith", "fe.")), name="strengthvalue_is_of_finite_elements"
            ),
        ),
    ]
