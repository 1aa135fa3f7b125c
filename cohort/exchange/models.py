"""Imports of public-use tables: one for each study, with the file it came from."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from cohort.study.models import Study


class TableImport(models.Model):
    """One table that was taken in, whole. Its file lies in the content-addressed store."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.OneToOneField(Study, models.PROTECT, related_name="table_import")
    table = models.CharField(max_length=60, help_text="code of the mapping")
    file_sha256 = models.CharField(max_length=64)
    n_rows = models.PositiveIntegerField()
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    imported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(file_sha256__regex="^[0-9a-f]{64}$"), name="tableimport_is_hashed"),
        )

    def __str__(self) -> str:
        return f"{self.table} in {self.study}"
