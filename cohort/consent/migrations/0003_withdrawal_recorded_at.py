"""When a withdrawal was written down, beside the day on which it was said."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0002_guards_and_audit")]
    operations = [
        migrations.AddField(
            model_name="withdrawal",
            name="recorded_at",
            # What was written down before counts from now: too late for a snapshot rather than too early.
            field=models.DateTimeField(
                auto_now_add=True,
                default=django.utils.timezone.now,
                help_text="later than it was said, where that was by letter",
            ),
            preserve_default=False,
        )
    ]
