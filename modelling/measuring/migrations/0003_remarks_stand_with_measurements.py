"""What is odd or missing is kept beside the values, in `cohort.measurements`, where pages can show it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("measuring", "0002_guards_and_audit"),
        ("measurements", "0004_about_guards_and_audit"),
    ]
    operations = [
        migrations.RemoveConstraint(model_name="seriesmeasuring", name="seriesmeasuring_says_after_measuring"),
        migrations.RemoveField(model_name="seriesmeasuring", name="left_out"),
        migrations.RemoveField(model_name="seriesmeasuring", name="notes"),
    ]
