import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("blinded", "0001_first_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("origin", models.CharField(choices=[("simulated", "Simulated"), ("human", "Human")], max_length=10)),
                ("sheet_sha256", models.CharField(max_length=64)),
                ("pdf_sha256", models.CharField(max_length=64)),
                ("pdf", models.BinaryField()),
                ("built_at", models.DateTimeField()),
                (
                    "evaluation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="report", to="blinded.evaluation"
                    ),
                ),
            ],
            options={
                "ordering": ("-built_at",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pdf_sha256__regex", "^[0-9a-f]{64}$"), ("sheet_sha256__regex", "^[0-9a-f]{64}$")
                        ),
                        name="report_has_digests",
                    )
                ],
            },
        ),
    ]
