"""The snapshot builder's role, and the schemas it and the label writer may look into (DECISIONS 2)."""

from importlib import import_module

from django.db import migrations

from portal.audit.tables import RunStatements

create_missing_roles = import_module("portal.core.migrations.0001_roles_and_schemas").create_missing_roles


class Migration(migrations.Migration):
    dependencies = [("core", "0003_never_change")]
    operations = [
        migrations.RunPython(create_missing_roles),
        RunStatements(
            [
                "GRANT USAGE ON SCHEMA public, outcome, vault TO tb_snapshot",
                # To seal the labels of test participants, and nothing else (TRUST 1.4, "sealed").
                "GRANT USAGE ON SCHEMA outcome TO tb_label_writer",
            ]
        ),
    ]
