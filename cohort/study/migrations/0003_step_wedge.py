"""A step wedge may lie on the films of an X-ray unit."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("study", "0002_guards_and_audit")]
    operations = [
        migrations.AddField(
            "device",
            "wedge_length_mm",
            models.FloatField(blank=True, help_text="of one step, along the wedge", null=True),
        ),
        migrations.AddField(
            "device",
            "wedge_steps_mm",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.FloatField(),
                blank=True,
                default=list,
                help_text="of a step wedge on each film, mm of aluminium",
                size=None,
            ),
        ),
    ]
