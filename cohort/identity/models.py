"""Who a participant is. Own schema, own database role; encrypted with a key that is not in the database."""

import uuid

from django.db import models


class Person(models.Model):
    """One sealed record of identity, and keyed digests by which two records can be compared without opening them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # No foreign key: another role's table, and a key across schemas would need rights this role must not have.
    participant_id = models.UUIDField(unique=True)
    study_id = models.UUIDField()
    sealed = models.BinaryField(help_text="XSalsa20-Poly1305 box of the identity as canonical JSON")
    name_digest = models.CharField(max_length=64, help_text="keyed digest of family name, given name, birth date")
    number_digest = models.CharField(max_length=64, blank=True, help_text="keyed digest of the hospital number")

    class Meta:
        db_table = '"identity"."person"'
        constraints = (
            models.UniqueConstraint(fields=("study_id", "name_digest"), name="person_once_per_study"),
            models.UniqueConstraint(
                fields=("study_id", "number_digest"),
                condition=~models.Q(number_digest=""),
                name="person_number_once_per_study",
            ),
        )

    def __str__(self) -> str:
        return f"identity of {self.participant_id}"
