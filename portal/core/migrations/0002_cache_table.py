"""The table of Django's database cache: sign-in limits must hold across processes, without a broker."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0001_roles_and_schemas")]
    operations = [
        migrations.RunSQL(
            [
                "CREATE TABLE core_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, "
                "expires timestamptz NOT NULL)",
                "CREATE INDEX ON core_cache (expires)",
            ],
            ["DROP TABLE core_cache"],
        )
    ]
