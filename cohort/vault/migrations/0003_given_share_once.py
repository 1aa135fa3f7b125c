"""A custodian gives one share to one key of the scorer: the database sees what two clicks at once would hide."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0002_guards_grants_and_audit")]
    operations = [
        migrations.AddConstraint(
            model_name="givenshare",
            constraint=models.UniqueConstraint(
                fields=("request_id", "custodian_id", "one_time_key"), name="given_share_once"
            ),
        )
    ]
