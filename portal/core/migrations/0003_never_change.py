"""The function behind columns that never change."""

from django.db import migrations

from portal.core.guards import NEVER_CHANGE


class Migration(migrations.Migration):
    dependencies = [("core", "0002_cache_table")]
    operations = [migrations.RunSQL([NEVER_CHANGE], ["DROP FUNCTION public.core_never_change()"])]
